"""The behaviour of a session repository: ``add``, ``find``, ``revoke``, ``set_credential_version``."""

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import ClientId, SessionId, Subject
from ..domain.scope import Scope
from ..domain.sessions.session import LAST_SECOND, RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sentences import must_raise
from .sessions import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NOW,
    TICK,
    advance,
    assert_same,
    new_session,
    revocations,
    revoke,
    revoked,
    rotated,
    stored,
)

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
    "for one audience": new_session(audience=("https://orders.example/",)),
    "for several audiences": new_session(audience=("stock", "https://a.example/b,c?d=%20&e='f'", '"g" \\ [h]')),
    "in the far future": new_session(expires_at=NOW + 10**9, credential_version=2**31 - 1),
    "with times of all bits": new_session(created_at=NOW + 1 / 3, rotated_at=NOW + 2 / 3, expires_at=NOW + 1 / 7 + 500),
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
        assert await repository.find(new_session(3).session_id) is None, "find returned a session that was never added"

    async def test_add_refuses_an_id_in_use(self, repository: SessionRepository) -> None:
        """A second session with the same id is refused."""
        await repository.add(new_session())
        with must_raise(AlreadyExists, "add accepted an id that is taken: it must raise AlreadyExists"):
            await repository.add(new_session(device="another"))

    async def test_add_refuses_the_id_of_a_revoked_session(self, repository: SessionRepository) -> None:
        """Revocation does not free an id."""
        await repository.add(new_session())
        await revoke(repository, new_session())
        with must_raise(AlreadyExists, "add accepted an id that is taken: it must raise AlreadyExists"):
            await repository.add(new_session())

    async def test_find_returns_an_expired_session(self, repository: SessionRepository) -> None:
        """A session that expired long ago is found. The caller checks the expiry."""
        session = new_session(created_at=1.0, rotated_at=1.0, expires_at=2.0, idle_expires_at=1.5)
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)

    @pytest.mark.parametrize("reason", RevocationReason)
    async def test_revoke_changes_only_its_fields(
        self, repository: SessionRepository, reason: RevocationReason
    ) -> None:
        """Time and reason change, and the replaced secrets are erased. All else stays, other sessions, too."""
        session, other = new_session(1), new_session(2)
        await repository.add(session)
        await repository.add(other)
        await advance(repository, session)
        made = await revoke(repository, session, reason=reason, now=LATER + 1 / 3)
        assert made is True, "revoke returned False for a live session"
        ended = revoked(rotated(session), reason=reason, now=LATER + 1 / 3)
        assert_same(await repository.find(session.session_id), ended)
        assert_same(await repository.find(other.session_id), other)

    async def test_second_revoke_returns_false(self, repository: SessionRepository) -> None:
        """The second call returns ``False``, and the first time and reason stay."""
        await repository.add(new_session())
        await revoke(repository, new_session(), reason=RevocationReason.REUSE)
        made = await revoke(repository, new_session(), now=LATER + 1)
        assert made is False, "revoke returned True for a session that is revoked already"
        ended = revoked(new_session(), reason=RevocationReason.REUSE)
        assert_same(await repository.find(ended.session_id), ended)

    async def test_revoke_refuses_an_unknown_session(self, repository: SessionRepository) -> None:
        """An unknown session is not revoked, and is not listed as revoked."""
        assert await revoke(repository, new_session()) is False, "revoke returned True for an unknown session"
        listed = await revocations(repository, 0.0)
        assert listed == [], "list_revocations has a session that was never added"

    async def test_revoke_accepts_an_expired_session(self, repository: SessionRepository) -> None:
        """An expired session can be revoked."""
        await repository.add(new_session())
        made = await revoke(repository, new_session(), now=NOW + 2 * LIFETIME)
        assert made is True, "revoke returned False for an expired session"

    async def test_set_credential_version_changes_only_the_version(self, repository: SessionRepository) -> None:
        """The version changes. The token, the replaced secrets, the other fields and other sessions stay."""
        for number in (1, 2):
            await repository.add(new_session(number))
        await advance(repository, new_session(1))
        assert await _set_version(repository, new_session(1)) is True, "set_credential_version refused a live session"
        changed = rotated(new_session(1)).with_credential_version(expected_version=3, credential_version=4, now=LATER)
        assert changed is not None, "Session.with_credential_version refused a live session"
        assert_same(await repository.find(changed.session_id), changed)
        assert_same(await repository.find(new_session(2).session_id), new_session(2))
        assert await advance(repository, changed), "advance refused a session that has taken a new credential version"

    @pytest.mark.parametrize("expected_version", [2, 4])
    async def test_set_credential_version_needs_the_expected_version(
        self, repository: SessionRepository, expected_version: int
    ) -> None:
        """A session with an older or a newer version than expected stays as it is."""
        await repository.add(new_session())
        made = await _set_version(repository, new_session(), expected_version=expected_version)
        assert made is False, "set_credential_version accepted another version than the expected one"
        assert_same(await repository.find(new_session().session_id), new_session())

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME), (None, NOW + LIFETIME)],
        ids=["idle", "absolute"],
    )
    async def test_set_credential_version_refuses_a_session_in_its_last_second(
        self, repository: SessionRepository, idle_expires_at: float | None, end: float
    ) -> None:
        """The version does not change when less than a second is left until either expiry."""
        session = new_session(idle_expires_at=idle_expires_at)
        await repository.add(session)
        for now in (end, end - LAST_SECOND + TICK):
            made = await _set_version(repository, session, now=now)
            assert made is False, f"set_credential_version accepted a session with {end - now} seconds left"
        made = await _set_version(repository, session, now=end - LAST_SECOND)
        assert made is True, "set_credential_version refused a session with one second left"

    async def test_set_credential_version_refuses_a_revoked_or_unknown_session(
        self, repository: SessionRepository
    ) -> None:
        """The version of a revoked session does not change, and no unknown session is created."""
        await repository.add(new_session())
        await revoke(repository, new_session())
        for number, kind in ((1, "revoked"), (2, "unknown")):
            made = await _set_version(repository, new_session(number))
            assert made is False, f"set_credential_version accepted a session that is {kind}"
        assert (await stored(repository, new_session())).credential_version == 3, "a revoked session has a new version"
        assert await repository.find(new_session(2).session_id) is None, "an unknown session was created"


async def _set_version(
    sessions: SessionRepository, session: Session, *, expected_version: int = 3, now: float = LATER
) -> bool:
    return await sessions.set_credential_version(
        session.session_id, expected_version=expected_version, credential_version=4, now=now
    )
