"""The behaviour of a session repository: opening, finding, advancing and revoking."""

from dataclasses import replace

import pytest

from ..domain.errors import AlreadyExists
from ..domain.identifiers import ClientId, SessionId, Subject
from ..domain.scope import Scope
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .session_kit import IDLE_LIFETIME, LATER, LIFETIME, NOW, SessionKit, advance, assert_same, new_session, rotated

SESSIONS = {
    "plain": new_session(),
    "without an idle expiry": new_session(idle_expires_at=None),
    "with an idle expiry beyond its own": new_session(idle_expires_at=NOW + 2 * LIFETIME),
    "of another client and subject": new_session(client_id=ClientId("Ünïcode 客"), subject=Subject("s" * 255)),
    "with the empty scope": new_session(scope=Scope()),
    "with an odd scope": new_session(scope=Scope.parse("a b,c {d} [e] it's %s urn:f")),
    "with zero bytes": new_session(session_id=SessionId(bytes(16)), lineage_digest=bytes(32), secret_digest=bytes(32)),
    "with high bytes": new_session(session_id=SessionId(b"\xff" * 16), secret_digest=bytes(range(224, 256))),
    "of an unknown origin": new_session(address="", device=""),
    "of an odd origin": new_session(address="2001:db8::ffff:192.0.2.1", device="'\"\\ %s ü 客 🦊 ".ljust(80, "x")),
    "of a far future": new_session(expires_at=NOW + 10**9, credential_version=2**31 - 1),
}


class SessionBehaviour(SessionKit):
    """``add``, ``find``, ``advance`` and ``revoke`` do what their docstrings say."""

    @pytest.mark.parametrize("session", SESSIONS.values(), ids=SESSIONS)
    async def test_find_returns_every_field_as_it_was_added(
        self, sessions: SessionRepository, session: Session
    ) -> None:
        """Whatever a session's fields hold, they come back the same."""
        await sessions.add(session)
        assert_same(await sessions.find(session.session_id), session)

    async def test_find_tells_sessions_apart(self, sessions: SessionRepository) -> None:
        """Each id has its own session, and one never added has none."""
        for number in (1, 2):
            await sessions.add(new_session(number))
        assert_same(await sessions.find(new_session(2).session_id), new_session(2))
        assert await sessions.find(new_session(3).session_id) is None

    async def test_an_id_is_taken_once(self, sessions: SessionRepository) -> None:
        """A second session of one id is refused."""
        await sessions.add(new_session())
        with pytest.raises(AlreadyExists):
            await sessions.add(new_session(device="another"))

    async def test_the_id_of_an_ended_session_stays_taken(self, sessions: SessionRepository) -> None:
        """Revocation does not free an id."""
        await sessions.add(new_session())
        await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        with pytest.raises(AlreadyExists):
            await sessions.add(new_session())

    async def test_an_expired_session_is_still_found(self, sessions: SessionRepository) -> None:
        """Expiry is for the reader to judge: a session that ended long ago is returned."""
        session = new_session(created_at=1.0, rotated_at=1.0, expires_at=2.0, idle_expires_at=1.5)
        await sessions.add(session)
        assert_same(await sessions.find(session.session_id), session)

    @pytest.mark.parametrize("idle_expires_at", [None, NOW + 500], ids=["idle limit taken away", "idle limit moved"])
    async def test_advance_sets_what_it_says_and_nothing_else(
        self, sessions: SessionRepository, idle_expires_at: float | None
    ) -> None:
        """Digest, generation, salt, time and idle expiry are new; every other field, and any other session, stays."""
        session, other = new_session(1), new_session(2)
        await sessions.add(session)
        await sessions.add(other)
        assert await advance(sessions, session, idle_expires_at=idle_expires_at) is True
        assert_same(await sessions.find(session.session_id), rotated(session, idle_expires_at=idle_expires_at))
        assert_same(await sessions.find(other.session_id), other)

    async def test_advance_goes_on_from_where_it_came(self, sessions: SessionRepository) -> None:
        """Each swap expects the one before; generations count up by one."""
        session = new_session()
        await sessions.add(session)
        for step in range(1, 6):
            assert await advance(sessions, session, now=NOW + step)
            session = rotated(session, now=NOW + step)
        assert_same(await sessions.find(session.session_id), session)
        assert session.generation == 5

    @pytest.mark.parametrize("expected", ["wrong", "outdated", "lineage"])
    async def test_advance_needs_the_current_digest(self, sessions: SessionRepository, expected: str) -> None:
        """Any other digest is refused, that of the predecessor too."""
        session = new_session()
        await sessions.add(session)
        await advance(sessions, session)
        digests = {"wrong": bytes(32), "outdated": session.secret_digest, "lineage": session.lineage_digest}
        assert await advance(sessions, rotated(session), expected_digest=digests[expected]) is False

    async def test_advance_of_an_unknown_session_is_refused(self, sessions: SessionRepository) -> None:
        """There is nothing to swap, and nothing is made."""
        assert await advance(sessions, new_session()) is False
        assert await sessions.find(new_session().session_id) is None

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + 2 * LIFETIME, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "absolute before idle", "idle before absolute"],
    )
    async def test_advance_needs_a_session_that_has_not_expired(
        self, sessions: SessionRepository, idle_expires_at: float | None, end: float
    ) -> None:
        """From the moment of the earlier expiry on it is refused, a moment before it is not."""
        session = new_session(idle_expires_at=idle_expires_at)
        await sessions.add(session)
        assert await advance(sessions, session, now=end + 1) is False
        assert await advance(sessions, session, now=end) is False
        assert await advance(sessions, session, now=end - 0.015625) is True

    async def test_the_new_idle_expiry_counts(self, sessions: SessionRepository) -> None:
        """A session that was used outlives its first idle expiry, and not its second."""
        session = new_session()
        await sessions.add(session)
        await advance(sessions, session)
        session = rotated(session)
        assert await advance(sessions, session, now=LATER + IDLE_LIFETIME) is False
        assert await advance(sessions, session, now=NOW + IDLE_LIFETIME) is True

    @pytest.mark.parametrize("reason", RevocationReason)
    async def test_revoke_sets_time_and_reason_and_nothing_else(
        self, sessions: SessionRepository, reason: RevocationReason
    ) -> None:
        """Every other field stays; the salt, which no replay can use any more, may be gone."""
        session, other = new_session(1), new_session(2)
        await sessions.add(session)
        await sessions.add(other)
        await advance(sessions, session)
        assert await sessions.revoke(session.session_id, reason=reason, now=LATER + 1) is True
        found = await sessions.find(session.session_id)
        assert found is not None
        revoked = replace(rotated(session), revoked_at=LATER + 1, revoked_because=reason)
        assert_same(replace(found, salt=None), replace(revoked, salt=None))
        assert_same(await sessions.find(other.session_id), other)

    async def test_a_session_is_revoked_once(self, sessions: SessionRepository) -> None:
        """The second call says that it did nothing, and the first time and reason stay."""
        await sessions.add(new_session())
        assert await sessions.revoke(new_session().session_id, reason=RevocationReason.REUSE, now=LATER) is True
        assert await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER + 1) is False
        found = await sessions.find(new_session().session_id)
        assert found is not None
        assert (found.revoked_at, found.revoked_because) == (LATER, RevocationReason.REUSE)

    async def test_an_unknown_session_is_not_revoked(self, sessions: SessionRepository) -> None:
        """Nothing is revoked, and nothing listed as such."""
        assert await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER) is False
        assert list(await sessions.list_revocations(0.0)) == []

    async def test_an_expired_session_can_be_revoked(self, sessions: SessionRepository) -> None:
        """Only an unknown or a revoked session is none of this act's."""
        await sessions.add(new_session())
        late = NOW + 2 * LIFETIME
        assert await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=late) is True

    async def test_adopt_sets_the_version_and_nothing_else(self, sessions: SessionRepository) -> None:
        """The session goes on under the new version, and its token with it; others stay as they are."""
        for number in (1, 2):
            await sessions.add(new_session(number))
        assert await _adopt(sessions, new_session(1)) is True
        adopted = new_session(1, credential_version=4)
        assert_same(await sessions.find(adopted.session_id), adopted)
        assert_same(await sessions.find(new_session(2).session_id), new_session(2))
        assert await advance(sessions, adopted) is True

    @pytest.mark.parametrize("expected_version", [2, 4])
    async def test_adopt_needs_the_expected_version(self, sessions: SessionRepository, expected_version: int) -> None:
        """A session of an older version stays dead, and one of a newer is not taken back."""
        await sessions.add(new_session())
        assert await _adopt(sessions, new_session(), expected_version=expected_version) is False
        assert_same(await sessions.find(new_session().session_id), new_session())

    @pytest.mark.parametrize("now", [NOW + IDLE_LIFETIME, NOW + LIFETIME])
    async def test_adopt_needs_a_session_that_has_not_expired(self, sessions: SessionRepository, now: float) -> None:
        """From the very moment of either expiry on nothing is changed."""
        idle_expires_at = NOW + IDLE_LIFETIME if now < NOW + LIFETIME else None
        await sessions.add(new_session(idle_expires_at=idle_expires_at))
        assert await _adopt(sessions, new_session(), now=now) is False
        assert await _adopt(sessions, new_session(), now=now - 1) is True

    async def test_a_revoked_session_is_not_adopted(self, sessions: SessionRepository) -> None:
        """Nor is an unknown one."""
        await sessions.add(new_session())
        await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await _adopt(sessions, new_session()) is False
        assert await _adopt(sessions, new_session(2)) is False
        assert await sessions.find(new_session(2).session_id) is None

    async def test_a_revoked_session_does_not_advance(self, sessions: SessionRepository) -> None:
        """The right digest at a time before the revocation's does not help: the order of the acts decides."""
        session = new_session()
        await sessions.add(session)
        await sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await advance(sessions, session, now=LATER + 1) is False
        assert await advance(sessions, session, now=LATER - 1) is False


async def _adopt(
    sessions: SessionRepository, session: Session, *, expected_version: int = 3, now: float = LATER
) -> bool:
    return await sessions.set_credential_version(
        session.session_id, expected_version=expected_version, credential_version=4, now=now
    )
