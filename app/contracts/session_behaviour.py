"""The behaviour of a session repository: ``add``, ``find``, ``advance``, ``revoke``, ``set_credential_version``."""

from dataclasses import replace

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import ClientId, SessionId, Subject
from ..domain.scope import Scope
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sessions import IDLE_LIFETIME, LATER, LIFETIME, NOW, advance, assert_same, new_session, rotated

SESSIONS = {
    "plain": new_session(),
    "without an idle expiry": new_session(idle_expires_at=None),
    "with an idle expiry after the expiry": new_session(idle_expires_at=NOW + 2 * LIFETIME),
    "with another client and subject": new_session(client_id=ClientId("Ünïcode 客"), subject=Subject("s" * 255)),
    "with the empty scope": new_session(scope=Scope()),
    "with an odd scope": new_session(scope=Scope.parse("a b,c {d} [e] it's %s urn:f")),
    "with zero bytes": new_session(session_id=SessionId(bytes(16)), lineage_digest=bytes(32), secret_digest=bytes(32)),
    "with high bytes": new_session(session_id=SessionId(b"\xff" * 16), secret_digest=bytes(range(224, 256))),
    "with an unknown requester": new_session(address="", device=""),
    "with an odd requester": new_session(address="2001:db8::ffff:192.0.2.1", device="'\"\\ %s ü 客 🦊 ".ljust(80, "x")),
    "in the far future": new_session(expires_at=NOW + 10**9, credential_version=2**31 - 1),
}


class SessionBehaviour(RepositoryContract[SessionRepository]):
    """The acts do what their docstrings say."""

    @pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
    async def test_find_returns_every_field_as_added(self, repository: SessionRepository, session: Session) -> None:
        """``find`` returns each field with its value and type."""
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)

    async def test_find_returns_the_session_of_the_id(self, repository: SessionRepository) -> None:
        """``find`` returns the session of the id, and ``None`` for an id that was never added."""
        for number in (1, 2):
            await repository.add(new_session(number))
        assert_same(await repository.find(new_session(2).session_id), new_session(2))
        assert await repository.find(new_session(3).session_id) is None

    async def test_add_refuses_an_id_in_use(self, repository: SessionRepository) -> None:
        """A second session with the same id is refused."""
        await repository.add(new_session())
        with pytest.raises(AlreadyExists):
            await repository.add(new_session(device="another"))

    async def test_add_refuses_the_id_of_a_revoked_session(self, repository: SessionRepository) -> None:
        """Revocation does not free an id."""
        await repository.add(new_session())
        await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        with pytest.raises(AlreadyExists):
            await repository.add(new_session())

    async def test_find_returns_an_expired_session(self, repository: SessionRepository) -> None:
        """A session that expired long ago is found. The caller checks the expiry."""
        session = new_session(created_at=1.0, rotated_at=1.0, expires_at=2.0, idle_expires_at=1.5)
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)

    @pytest.mark.parametrize("idle_expires_at", [None, NOW + 500], ids=["idle expiry removed", "idle expiry moved"])
    async def test_advance_changes_only_its_fields(
        self, repository: SessionRepository, idle_expires_at: float | None
    ) -> None:
        """Digest, generation, salt, time and idle expiry change. The other fields and the other sessions do not."""
        session, other = new_session(1), new_session(2)
        await repository.add(session)
        await repository.add(other)
        assert await advance(repository, session, idle_expires_at=idle_expires_at) is True
        assert_same(await repository.find(session.session_id), rotated(session, idle_expires_at=idle_expires_at))
        assert_same(await repository.find(other.session_id), other)

    async def test_advance_can_be_repeated(self, repository: SessionRepository) -> None:
        """Each swap expects the digest of the one before, and raises the generation by one."""
        session = new_session()
        await repository.add(session)
        for step in range(1, 6):
            assert await advance(repository, session, now=NOW + step)
            session = rotated(session, now=NOW + step)
        assert_same(await repository.find(session.session_id), session)
        assert session.generation == 5

    @pytest.mark.parametrize("expected", ["wrong", "outdated", "lineage"])
    async def test_advance_needs_the_current_digest(self, repository: SessionRepository, expected: str) -> None:
        """Every other digest is refused, also the digest of the previous token."""
        session = new_session()
        await repository.add(session)
        await advance(repository, session)
        digests = {"wrong": bytes(32), "outdated": session.secret_digest, "lineage": session.lineage_digest}
        assert await advance(repository, rotated(session), expected_digest=digests[expected]) is False

    async def test_advance_refuses_an_unknown_session(self, repository: SessionRepository) -> None:
        """An unknown session is refused and not created."""
        assert await advance(repository, new_session()) is False
        assert await repository.find(new_session().session_id) is None

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + 2 * LIFETIME, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "absolute before idle", "idle before absolute"],
    )
    async def test_advance_refuses_an_expired_session(
        self, repository: SessionRepository, idle_expires_at: float | None, end: float
    ) -> None:
        """``advance`` succeeds just before the earlier expiry, and is refused from the expiry on."""
        session = new_session(idle_expires_at=idle_expires_at)
        await repository.add(session)
        assert await advance(repository, session, now=end + 1) is False
        assert await advance(repository, session, now=end) is False
        assert await advance(repository, session, now=end - 0.015625) is True

    async def test_advance_moves_the_idle_expiry(self, repository: SessionRepository) -> None:
        """A rotated session lives past its first idle expiry, but not past its second."""
        session = new_session()
        await repository.add(session)
        await advance(repository, session)
        session = rotated(session)
        assert await advance(repository, session, now=LATER + IDLE_LIFETIME) is False
        assert await advance(repository, session, now=NOW + IDLE_LIFETIME) is True

    @pytest.mark.parametrize("reason", RevocationReason)
    async def test_revoke_changes_only_its_fields(
        self, repository: SessionRepository, reason: RevocationReason
    ) -> None:
        """Time and reason change, and the salt may be erased. The other fields and the other sessions stay."""
        session, other = new_session(1), new_session(2)
        await repository.add(session)
        await repository.add(other)
        await advance(repository, session)
        assert await repository.revoke(session.session_id, reason=reason, now=LATER + 1) is True
        found = await repository.find(session.session_id)
        assert found is not None
        revoked = replace(rotated(session), revoked_at=LATER + 1, revoked_because=reason)
        assert_same(replace(found, salt=None), replace(revoked, salt=None))
        assert_same(await repository.find(other.session_id), other)

    async def test_second_revoke_returns_false(self, repository: SessionRepository) -> None:
        """The second call returns ``False``, and the first time and reason stay."""
        await repository.add(new_session())
        assert await repository.revoke(new_session().session_id, reason=RevocationReason.REUSE, now=LATER) is True
        assert await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER + 1) is False
        found = await repository.find(new_session().session_id)
        assert found is not None
        assert (found.revoked_at, found.revoked_because) == (LATER, RevocationReason.REUSE)

    async def test_revoke_refuses_an_unknown_session(self, repository: SessionRepository) -> None:
        """An unknown session is not revoked, and is not listed as revoked."""
        assert await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER) is False
        assert list(await repository.list_revocations(0.0)) == []

    async def test_revoke_accepts_an_expired_session(self, repository: SessionRepository) -> None:
        """An expired session can be revoked."""
        await repository.add(new_session())
        late = NOW + 2 * LIFETIME
        assert await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=late) is True

    async def test_set_credential_version_changes_only_the_version(self, repository: SessionRepository) -> None:
        """The version changes. Token, other fields and other sessions stay."""
        for number in (1, 2):
            await repository.add(new_session(number))
        assert await _set_version(repository, new_session(1)) is True
        changed = new_session(1, credential_version=4)
        assert_same(await repository.find(changed.session_id), changed)
        assert_same(await repository.find(new_session(2).session_id), new_session(2))
        assert await advance(repository, changed) is True

    @pytest.mark.parametrize("expected_version", [2, 4])
    async def test_set_credential_version_needs_the_expected_version(
        self, repository: SessionRepository, expected_version: int
    ) -> None:
        """A session with an older or a newer version than expected stays as it is."""
        await repository.add(new_session())
        assert await _set_version(repository, new_session(), expected_version=expected_version) is False
        assert_same(await repository.find(new_session().session_id), new_session())

    @pytest.mark.parametrize("now", [NOW + IDLE_LIFETIME, NOW + LIFETIME])
    async def test_set_credential_version_refuses_an_expired_session(
        self, repository: SessionRepository, now: float
    ) -> None:
        """From the moment of either expiry on, the version does not change."""
        idle_expires_at = NOW + IDLE_LIFETIME if now < NOW + LIFETIME else None
        await repository.add(new_session(idle_expires_at=idle_expires_at))
        assert await _set_version(repository, new_session(), now=now) is False
        assert await _set_version(repository, new_session(), now=now - 1) is True

    async def test_set_credential_version_refuses_a_revoked_or_unknown_session(
        self, repository: SessionRepository
    ) -> None:
        """The version of a revoked session does not change, and no unknown session is created."""
        await repository.add(new_session())
        await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await _set_version(repository, new_session()) is False
        assert await _set_version(repository, new_session(2)) is False
        assert await repository.find(new_session(2).session_id) is None

    async def test_advance_refuses_a_revoked_session(self, repository: SessionRepository) -> None:
        """``advance`` of a revoked session is refused, even with a time before the revocation."""
        session = new_session()
        await repository.add(session)
        await repository.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await advance(repository, session, now=LATER + 1) is False
        assert await advance(repository, session, now=LATER - 1) is False


async def _set_version(
    sessions: SessionRepository, session: Session, *, expected_version: int = 3, now: float = LATER
) -> bool:
    return await sessions.set_credential_version(
        session.session_id, expected_version=expected_version, credential_version=4, now=now
    )
