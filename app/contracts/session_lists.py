"""The behaviour of a session repository: its lists, and what its connections see of each other."""

from ..domain.identifiers import Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from .session_kit import IDLE_LIFETIME, LATER, LIFETIME, NOW, SessionKit, advance, assert_same, new_session, rotated


class SessionLists(SessionKit):
    """The lists hold what their docstrings say, and a read sees every change that was acknowledged."""

    async def test_live_sessions_are_the_oldest_first(self, sessions: SessionRepository) -> None:
        """The order is that of creation, whatever that of insertion, of ids and of rotation was."""
        ages = {1: 20, 2: 40, 3: 10, 4: 30}
        opened = {number: new_session(number, created_at=NOW - age) for number, age in ages.items()}
        for session in opened.values():
            await sessions.add(session)
        await advance(sessions, opened[2])
        opened[2] = rotated(opened[2])
        live = await sessions.list_live_sessions(opened[1].subject, now=LATER)
        assert list(live) == [opened[2], opened[4], opened[1], opened[3]]
        for found in live:
            assert_same(found, opened[int.from_bytes(found.session_id, "big")])

    async def test_live_sessions_are_of_one_subject(self, sessions: SessionRepository) -> None:
        """Subjects are compared character by character; one that has no session gets none."""
        for number, subject in enumerate(("subject-1", "SUBJECT-1", "subject-1 ", "subject-10"), start=1):
            await sessions.add(new_session(number, subject=Subject(subject)))
        assert list(await sessions.list_live_sessions(Subject("subject-1"), now=LATER)) == [new_session(1)]
        assert list(await sessions.list_live_sessions(Subject("subject-2"), now=LATER)) == []

    async def test_all_sessions_are_revoked(self, sessions: SessionRepository) -> None:
        """Each is revoked but those that were before, whose reasons stay; none of them rotates any more."""
        for number in range(1, 8):
            await sessions.add(new_session(number, subject=Subject(f"subject-{number % 3}")))
        await sessions.revoke(new_session(7).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sessions.revoke_all(reason=RevocationReason.KEY_COMPROMISED, now=LATER) == 6
        assert await sessions.revoke_all(reason=RevocationReason.KEY_COMPROMISED, now=LATER) == 0
        for number in range(1, 8):
            found = await sessions.find(new_session(number).session_id)
            assert found is not None
            expected = RevocationReason.LOGOUT if number == 7 else RevocationReason.KEY_COMPROMISED
            assert (found.revoked_at, found.revoked_because) == (LATER, expected)
            assert not await advance(sessions, found)
        assert len(await sessions.list_revocations(LATER)) == 7

    async def test_live_sessions_are_live(self, sessions: SessionRepository) -> None:
        """Revoked sessions are left out, and so are those past either expiry, from its very moment on."""
        await sessions.add(new_session(1, idle_expires_at=None))
        await sessions.add(new_session(2))
        await sessions.add(new_session(3))
        await sessions.revoke(new_session(3).session_id, reason=RevocationReason.LOGOUT, now=LATER)

        async def live_at(now: float) -> list[Session]:
            return list(await sessions.list_live_sessions(Subject("subject-1"), now=now))

        absolute, idle = new_session(1, idle_expires_at=None), new_session(2)
        assert {each.session_id for each in await live_at(LATER)} == {absolute.session_id, idle.session_id}
        assert {each.session_id for each in await live_at(NOW + IDLE_LIFETIME - 1)} == {
            absolute.session_id,
            idle.session_id,
        }
        assert await live_at(NOW + IDLE_LIFETIME) == [absolute]
        assert await live_at(NOW + LIFETIME - 1) == [absolute]
        assert await live_at(NOW + LIFETIME) == []

    async def test_a_rotation_keeps_a_session_among_the_live(self, sessions: SessionRepository) -> None:
        """It is listed until its new idle expiry."""
        await sessions.add(new_session())
        await advance(sessions, new_session())
        assert list(await sessions.list_live_sessions(Subject("subject-1"), now=NOW + IDLE_LIFETIME)) == [
            rotated(new_session())
        ]
        assert list(await sessions.list_live_sessions(Subject("subject-1"), now=LATER + IDLE_LIFETIME)) == []

    async def test_revocations_are_listed_from_a_moment_on(self, sessions: SessionRepository) -> None:
        """The moment itself is included; sessions that live or have expired are no revocations."""
        for number in range(5):
            await sessions.add(new_session(number))
        for number in range(4):
            await sessions.revoke(new_session(number).session_id, reason=RevocationReason.REUSE, now=LATER + number)
        every = [RevokedSession(new_session(number).session_id, LATER + number) for number in range(4)]
        for first in range(4):
            assert _in_order(await sessions.list_revocations(LATER + first)) == every[first:]
        assert _in_order(await sessions.list_revocations(0.0)) == every
        assert list(await sessions.list_revocations(LATER + 3.015625)) == []

    async def test_a_revocation_that_came_late_is_listed(self, sessions: SessionRepository) -> None:
        """The time given counts, not the order of the calls: clocks differ."""
        for number, at in ((1, LATER + 5), (2, LATER)):
            await sessions.add(new_session(number))
            await sessions.revoke(new_session(number).session_id, reason=RevocationReason.LOGOUT, now=at)
        assert list(await sessions.list_revocations(LATER + 1)) == [
            RevokedSession(new_session(1).session_id, LATER + 5)
        ]

    async def test_a_second_revocation_does_not_change_the_list(self, sessions: SessionRepository) -> None:
        """A session stands there once, with its first time."""
        await sessions.add(new_session())
        for at in (LATER, LATER + 1):
            await sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=at)
        assert list(await sessions.list_revocations(0.0)) == [RevokedSession(new_session().session_id, LATER)]

    async def test_what_one_connection_did_every_other_sees(self) -> None:
        """Each read, and each compare-and-swap, starts from the last acknowledged change, whoever made it."""
        one, other = await self.connections(2)
        session = new_session()
        assert await other.find(session.session_id) is None
        await one.add(session)
        assert_same(await other.find(session.session_id), session)
        assert await advance(other, session)
        session = rotated(session)
        assert_same(await one.find(session.session_id), session)
        assert list(await one.list_live_sessions(session.subject, now=LATER)) == [session]
        assert await one.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await advance(other, session) is False
        assert list(await other.list_live_sessions(session.subject, now=LATER)) == []
        assert list(await other.list_revocations(LATER)) == [RevokedSession(session.session_id, LATER)]


def _in_order(revocations: object) -> list[RevokedSession]:
    assert isinstance(revocations, list | tuple)
    return sorted(revocations, key=lambda each: each.revoked_at)
