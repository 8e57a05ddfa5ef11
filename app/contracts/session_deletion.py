"""The behaviour of a session sweeper: ``delete_ended``, and what one connection sees of the sweeps of another."""

import pytest

from .kit import RepositoryContract
from .sessions import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NEVER,
    NOW,
    TICK,
    SweptSessions,
    advance,
    assert_same,
    live_sessions,
    new_session,
    revocations,
    revoke,
    revoked,
    rotated,
    sweep,
    without_replaced,
)


class SessionDeletion(RepositoryContract[SweptSessions]):
    """``delete_ended`` does what its docstring says."""

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "idle"],
    )
    async def test_delete_ended_deletes_expired_sessions(
        self, repository: SweptSessions, idle_expires_at: float | None, end: float
    ) -> None:
        """A session is deleted if its earlier expiry is before the moment, not if it is at the moment."""
        session = new_session(idle_expires_at=idle_expires_at)
        await repository.add(session)
        assert await sweep(repository, expired_before=end) == 0, "a session was deleted at the moment of its expiry"
        assert_same(await repository.find(session.session_id), session)
        assert await sweep(repository, expired_before=end + TICK) == 1, "an expired session was not deleted"
        assert await repository.find(session.session_id) is None, "a session is found that was deleted"

    async def test_delete_ended_uses_the_newest_idle_expiry(self, repository: SweptSessions) -> None:
        """A rotation moves the idle expiry, so the first idle expiry deletes nothing."""
        await repository.add(new_session())
        await advance(repository, new_session())
        deleted = await sweep(repository, expired_before=LATER + IDLE_LIFETIME)
        assert deleted == 0, "a session was deleted by an idle expiry that a rotation has moved"
        deleted = await sweep(repository, expired_before=LATER + IDLE_LIFETIME + 1)
        assert deleted == 1, "a session was not deleted after its new idle expiry"

    async def test_delete_ended_deletes_revoked_sessions(self, repository: SweptSessions) -> None:
        """A session is deleted if it was revoked before the moment, not if it was revoked at the moment."""
        await repository.add(new_session())
        await revoke(repository, new_session())
        assert await sweep(repository, revoked_before=LATER) == 0, "a session was deleted at its revocation"
        assert_same(await repository.find(new_session().session_id), revoked(new_session()))
        assert await sweep(repository, revoked_before=LATER + TICK) == 1, "a revoked session was not deleted"
        assert await repository.find(new_session().session_id) is None, "a session is found that was deleted"

    async def test_delete_ended_keeps_live_sessions(self, repository: SweptSessions) -> None:
        """Expired and revoked sessions are deleted and counted once each. Live sessions stay."""
        for number in range(9):
            await repository.add(new_session(number, idle_expires_at=NOW + (20 if number % 3 == 0 else 500)))
        for number in (0, 1, 3, 4):
            await revoke(repository, new_session(number))
        deleted = await sweep(repository, expired_before=NOW + 21, revoked_before=LATER + 1)
        assert deleted == 5, "not each ended session was counted once"
        left = [number for number in range(9) if await repository.find(new_session(number).session_id)]
        assert left == [2, 5, 7, 8], "other sessions are left than the live ones"

    async def test_repeated_limited_calls_check_every_session(self, repository: SweptSessions) -> None:
        """Small steps find every ended session among the live ones, also in later rounds."""
        for number in range(23):
            await repository.add(new_session(number, expires_at=NOW + 50 if number % 2 else NOW + 90))

        for expired_before, deleted in ((NOW + 10, 0), (NOW + 60, 11), (NOW + 91, 12)):
            steps = [
                await repository.delete_ended(expired_before=expired_before, revoked_before=NEVER, limit=4)
                for _ in range(14)
            ]
            assert sum(steps) == deleted, "repeated calls did not find every ended session"
            assert max(steps) <= 4, "one call of delete_ended deleted more sessions than its limit"
        left = [number for number in range(23) if await repository.find(new_session(number).session_id)]
        assert left == [], "sessions are found that were counted as deleted"

    async def test_every_connection_sees_sweeps(self) -> None:
        """Each sweep sees the last acknowledged change, and each read sees the last sweep."""
        one, other = await self.connections(2)
        await one.add(new_session())
        await advance(one, new_session())
        for connection in (one, other):
            assert_same(await connection.find(new_session().session_id), rotated(new_session()))
        erased = await other.erase_replaced(rotated_before=LATER + 1, limit=10)
        assert erased == 1, "a sweep does not see the rotation of another connection"
        assert_same(await one.find(new_session().session_id), without_replaced(rotated(new_session())))
        await revoke(one, new_session())
        assert await sweep(other, revoked_before=LATER + 1) == 1, "a sweep does not see another connection's revocation"
        assert await one.find(new_session().session_id) is None, "a read does not see the sweep of another connection"

    async def test_deleted_session_is_gone_everywhere(self, repository: SweptSessions) -> None:
        """No list has it, no act finds it, and its id can be used again."""
        session = new_session()
        await repository.add(session)
        await revoke(repository, session)
        await sweep(repository, revoked_before=LATER + 1)
        assert await revocations(repository, 0.0) == [], "a deleted session is listed as revoked"
        assert await revoke(repository, session) is False, "a deleted session was revoked"
        assert await advance(repository, session) is False, "a deleted session advanced"
        assert await live_sessions(repository) == [], "a deleted session is listed as live"
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)
        assert await live_sessions(repository) == [session], "a session is not listed that has the id of a deleted one"
        deleted = await sweep(repository, revoked_before=LATER + 1)
        assert deleted == 0, "delete_ended deleted a live session: it trusts an entry of an index that is outdated"
