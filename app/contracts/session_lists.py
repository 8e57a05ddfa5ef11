"""The behaviour of a session repository: its lists, and what one connection sees of the changes of another."""

from ..domain.identifiers import Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from .kit import RepositoryContract
from .sessions import IDLE_LIFETIME, LATER, LIFETIME, NOW, advance, assert_same, new_session, rotated


class SessionLists(RepositoryContract[SessionRepository]):
    """The lists are as their docstrings say, and a read sees every acknowledged change."""

    async def test_live_sessions_are_listed_oldest_first(self, repository: SessionRepository) -> None:
        """The list is in the order of creation, not of insertion, id or rotation."""
        ages = {1: 20, 2: 40, 3: 10, 4: 30}
        opened = {number: new_session(number, created_at=NOW - age) for number, age in ages.items()}
        for session in opened.values():
            await repository.add(session)
        await advance(repository, opened[2])
        opened[2] = rotated(opened[2])
        live = await repository.list_live_sessions(opened[1].subject, now=LATER)
        assert list(live) == [opened[2], opened[4], opened[1], opened[3]]
        for found in live:
            assert_same(found, opened[int.from_bytes(found.session_id, "big")])

    async def test_live_sessions_are_of_the_subject(self, repository: SessionRepository) -> None:
        """Subjects are compared character by character. A subject without a session gets an empty list."""
        for number, subject in enumerate(("subject-1", "SUBJECT-1", "subject-1 ", "subject-10"), start=1):
            await repository.add(new_session(number, subject=Subject(subject)))
        assert list(await repository.list_live_sessions(Subject("subject-1"), now=LATER)) == [new_session(1)]
        assert list(await repository.list_live_sessions(Subject("subject-2"), now=LATER)) == []

    async def test_revoke_all_revokes_every_session(self, repository: SessionRepository) -> None:
        """Every session is revoked and cannot rotate. Sessions that were revoked before keep their reasons."""
        for number in range(1, 8):
            await repository.add(new_session(number, subject=Subject(f"subject-{number % 3}")))
        await repository.revoke(new_session(7).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await repository.revoke_all(reason=RevocationReason.KEY_COMPROMISED, now=LATER) == 6
        assert await repository.revoke_all(reason=RevocationReason.KEY_COMPROMISED, now=LATER) == 0
        for number in range(1, 8):
            found = await repository.find(new_session(number).session_id)
            assert found is not None
            expected = RevocationReason.LOGOUT if number == 7 else RevocationReason.KEY_COMPROMISED
            assert (found.revoked_at, found.revoked_because) == (LATER, expected)
            assert not await advance(repository, found)
        assert len(await repository.list_revocations(LATER)) == 7

    async def test_ended_sessions_are_not_listed_as_live(self, repository: SessionRepository) -> None:
        """Revoked sessions are not listed, and expired sessions are not listed from the moment of the expiry on."""
        await repository.add(new_session(1, idle_expires_at=None))
        await repository.add(new_session(2))
        await repository.add(new_session(3))
        await repository.revoke(new_session(3).session_id, reason=RevocationReason.LOGOUT, now=LATER)

        async def live_at(now: float) -> list[Session]:
            return list(await repository.list_live_sessions(Subject("subject-1"), now=now))

        absolute, idle = new_session(1, idle_expires_at=None), new_session(2)
        assert {each.session_id for each in await live_at(LATER)} == {absolute.session_id, idle.session_id}
        assert {each.session_id for each in await live_at(NOW + IDLE_LIFETIME - 1)} == {
            absolute.session_id,
            idle.session_id,
        }
        assert await live_at(NOW + IDLE_LIFETIME) == [absolute]
        assert await live_at(NOW + LIFETIME - 1) == [absolute]
        assert await live_at(NOW + LIFETIME) == []

    async def test_rotated_session_is_listed_until_its_new_idle_expiry(self, repository: SessionRepository) -> None:
        """A rotated session is listed until its new idle expiry."""
        await repository.add(new_session())
        await advance(repository, new_session())
        assert list(await repository.list_live_sessions(Subject("subject-1"), now=NOW + IDLE_LIFETIME)) == [
            rotated(new_session())
        ]
        assert list(await repository.list_live_sessions(Subject("subject-1"), now=LATER + IDLE_LIFETIME)) == []

    async def test_revocations_are_listed_from_the_moment_on(self, repository: SessionRepository) -> None:
        """The moment itself is included. Live and expired sessions are not listed."""
        for number in range(5):
            await repository.add(new_session(number))
        for number in range(4):
            await repository.revoke(new_session(number).session_id, reason=RevocationReason.REUSE, now=LATER + number)
        every = [RevokedSession(new_session(number).session_id, LATER + number) for number in range(4)]
        for first in range(4):
            assert _in_order(await repository.list_revocations(LATER + first)) == every[first:]
        assert _in_order(await repository.list_revocations(0.0)) == every
        assert list(await repository.list_revocations(LATER + 3.015625)) == []

    async def test_revocations_are_listed_by_time_not_by_order_of_calls(self, repository: SessionRepository) -> None:
        """The given time decides, not the order of the calls, because clocks differ."""
        for number, at in ((1, LATER + 5), (2, LATER)):
            await repository.add(new_session(number))
            await repository.revoke(new_session(number).session_id, reason=RevocationReason.LOGOUT, now=at)
        assert list(await repository.list_revocations(LATER + 1)) == [
            RevokedSession(new_session(1).session_id, LATER + 5)
        ]

    async def test_second_revoke_does_not_change_the_list(self, repository: SessionRepository) -> None:
        """A session is listed once, with its first time."""
        await repository.add(new_session())
        for at in (LATER, LATER + 1):
            await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=at)
        assert list(await repository.list_revocations(0.0)) == [RevokedSession(new_session().session_id, LATER)]

    async def test_every_connection_sees_acknowledged_changes(self) -> None:
        """Each read and each swap starts from the last acknowledged change of any connection."""
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
