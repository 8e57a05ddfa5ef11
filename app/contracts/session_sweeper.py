"""The contract of a session sweeper (``app.ports.session_sweeper``)."""

import asyncio
from dataclasses import replace
from itertools import cycle, islice

import pytest

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sessions import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NEVER,
    NOW,
    SweptSessions,
    advance,
    assert_same,
    new_session,
    rotated,
    sweep,
)


class SweeperBehaviour(RepositoryContract[SweptSessions]):
    """``erase_salts`` and ``delete_ended`` do what their docstrings say."""

    async def test_erase_salts_changes_only_the_salt(self, repository: SweptSessions) -> None:
        """A salt from before the moment is erased, one from the moment is not. A second call erases none."""
        await repository.add(new_session())
        await advance(repository, new_session())
        assert await repository.erase_salts(rotated_before=LATER, limit=10) == 0
        assert_same(await repository.find(new_session().session_id), rotated(new_session()))
        assert await repository.erase_salts(rotated_before=LATER + 0.015625, limit=10) == 1
        assert_same(await repository.find(new_session().session_id), replace(rotated(new_session()), salt=None))
        assert await repository.erase_salts(rotated_before=LATER + 1, limit=10) == 0

    async def test_erase_salts_keeps_the_salt_of_a_newer_rotation(self, repository: SweptSessions) -> None:
        """Only the last rotation counts. A session that rotated again keeps its salt until that rotation is old."""
        first = rotated(new_session(), now=NOW + 1)
        second = rotated(first, now=NOW + 3)
        await repository.add(new_session())
        await advance(repository, new_session(), now=NOW + 1)
        await advance(repository, first, now=NOW + 3)
        assert await repository.erase_salts(rotated_before=NOW + 2, limit=10) == 0
        assert_same(await repository.find(second.session_id), second)
        assert await repository.erase_salts(rotated_before=NOW + 4, limit=10) == 1

    async def test_sessions_without_a_salt_do_not_count_towards_the_limit(self, repository: SweptSessions) -> None:
        """A session that never rotated does not use up the limit."""
        for number in range(4):
            await repository.add(new_session(number))
        await advance(repository, new_session(3))
        assert await repository.erase_salts(rotated_before=LATER + 1, limit=1) == 1
        assert_same(await repository.find(new_session(3).session_id), replace(rotated(new_session(3)), salt=None))

    async def test_erase_salts_stops_at_the_limit(self, repository: SweptSessions) -> None:
        """One call erases at most ``limit`` salts. Repeated calls erase all."""
        for number in range(7):
            await repository.add(new_session(number))
            await advance(repository, new_session(number), now=NOW + number)
        erased = [await repository.erase_salts(rotated_before=LATER, limit=3) for _ in range(4)]
        assert erased == [3, 3, 1, 0]
        assert [await _salt(repository, number) for number in range(7)] == [None] * 7

    async def test_erase_salts_finds_rotations_in_any_order_of_time(self, repository: SweptSessions) -> None:
        """Old rotations are found although a clock jumped back or another instance has another clock."""
        for number, at in enumerate((LATER + 5, LATER, LATER + 3, LATER + 1)):
            await repository.add(new_session(number))
            await advance(repository, new_session(number), now=at)
        assert await repository.erase_salts(rotated_before=LATER + 2, limit=10) == 2
        salted = [await _salt(repository, number) is not None for number in range(4)]
        assert salted == [True, False, True, False]

    async def test_erase_salts_removes_the_salt_of_a_revoked_session(self, repository: SweptSessions) -> None:
        """After ``erase_salts`` a revoked session has no salt."""
        await repository.add(new_session())
        await advance(repository, new_session())
        await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await repository.erase_salts(rotated_before=LATER + 1, limit=10)
        assert await _salt(repository, 1) is None

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
        assert await sweep(repository, expired_before=end) == 0
        assert_same(await repository.find(session.session_id), session)
        assert await sweep(repository, expired_before=end + 0.015625) == 1
        assert await repository.find(session.session_id) is None

    async def test_delete_ended_uses_the_newest_idle_expiry(self, repository: SweptSessions) -> None:
        """A rotation moves the idle expiry, so the first idle expiry deletes nothing."""
        await repository.add(new_session())
        await advance(repository, new_session())
        assert await sweep(repository, expired_before=LATER + IDLE_LIFETIME) == 0
        assert await sweep(repository, expired_before=LATER + IDLE_LIFETIME + 1) == 1

    async def test_delete_ended_deletes_revoked_sessions(self, repository: SweptSessions) -> None:
        """A session is deleted if it was revoked before the moment, not if it was revoked at the moment."""
        await repository.add(new_session())
        await repository.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(repository, revoked_before=LATER) == 0
        assert await repository.find(new_session().session_id) is not None
        assert await sweep(repository, revoked_before=LATER + 0.015625) == 1
        assert await repository.find(new_session().session_id) is None

    async def test_delete_ended_keeps_live_sessions(self, repository: SweptSessions) -> None:
        """Expired and revoked sessions are deleted and counted once each. Live sessions stay."""
        for number in range(9):
            await repository.add(new_session(number, idle_expires_at=NOW + (20 if number % 3 == 0 else 500)))
        for number in (0, 1, 3, 4):
            await repository.revoke(new_session(number).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(repository, expired_before=NOW + 21, revoked_before=LATER + 1) == 5
        left = [number for number in range(9) if await repository.find(new_session(number).session_id)]
        assert left == [2, 5, 7, 8]

    async def test_repeated_limited_calls_check_every_session(self, repository: SweptSessions) -> None:
        """Small steps find every ended session among the live ones, also in later rounds."""
        for number in range(23):
            await repository.add(new_session(number, expires_at=NOW + 50 if number % 2 else NOW + 90))

        for expired_before, deleted in ((NOW + 10, 0), (NOW + 60, 11), (NOW + 91, 12)):
            steps = [
                await repository.delete_ended(expired_before=expired_before, revoked_before=NEVER, limit=4)
                for _ in range(14)
            ]
            assert sum(steps) == deleted
            assert max(steps) <= 4
        assert [await repository.find(new_session(number).session_id) for number in range(23)] == [None] * 23

    async def test_every_connection_sees_sweeps(self) -> None:
        """Each sweep sees the last acknowledged change, and each read sees the last sweep."""
        one, other = await self.connections(2)
        await one.add(new_session())
        await advance(one, new_session())
        assert await other.erase_salts(rotated_before=LATER + 1, limit=10) == 1
        assert_same(await one.find(new_session().session_id), replace(rotated(new_session()), salt=None))
        await one.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(other, revoked_before=LATER + 1) == 1
        assert await one.find(new_session().session_id) is None

    async def test_deleted_session_is_gone_everywhere(self, repository: SweptSessions) -> None:
        """No list has it, no act finds it, and its id can be used again."""
        session = new_session()
        await repository.add(session)
        await repository.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await sweep(repository, revoked_before=LATER + 1)
        assert list(await repository.list_revocations(0.0)) == []
        assert await repository.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER) is False
        assert await advance(repository, session) is False
        assert list(await repository.list_live_sessions(Subject("subject-1"), now=LATER)) == []
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)
        assert list(await repository.list_live_sessions(Subject("subject-1"), now=LATER)) == [session]


class SweeperConcurrency(RepositoryContract[SweptSessions]):
    """Several instances sweep at the same time, while sessions rotate."""

    @pytest.mark.proof("stores")
    async def test_erase_salts_that_races_with_advance_keeps_the_new_salt(self, proof: Counts) -> None:
        """A sweep that races with a rotation erases the old salt or none. The rotation and its salt stay."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to erase", small=10, full=200)):
            session = new_session(number)
            await connections[0].add(session)
            await advance(connections[0], session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
            sweeps = [connection.erase_salts(rotated_before=NOW + 2, limit=100) for connection in connections[1:]]
            won, *erased = await asyncio.gather(advance(connections[0], session, now=NOW + 3), *sweeps)
            assert won is True
            assert sum(erased) <= 1
            assert_same(await connections[-1].find(session.session_id), rotated(session, now=NOW + 3))

    @pytest.mark.proof("stores")
    async def test_racing_sweeps_delete_each_session_once(self, proof: Counts) -> None:
        """Racing sweeps together count each ended session once, and delete no live session."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("races to delete", small=5, full=50)):
            opened = [new_session(20 * round_ + each, expires_at=NOW + 20 + 50 * (each % 2)) for each in range(20)]
            for session in opened:
                await connections[0].add(session)
            deleted = await asyncio.gather(
                *(sweep(connection, expired_before=NOW + 30) for connection in islice(cycle(connections), RACERS))
            )
            assert sum(deleted) == 10
            left = [each for each, session in enumerate(opened) if await connections[-1].find(session.session_id)]
            assert left == list(range(1, 20, 2))


class SessionSweeperContract(SweeperBehaviour, SweeperConcurrency):
    """All tiers. Only races can show that a sweep is atomic."""


async def _salt(swept: SweptSessions, number: int) -> bytes | None:
    session = await swept.find(SessionId(number.to_bytes(16, "big")))
    assert session is not None
    return session.salt
