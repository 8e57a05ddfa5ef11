"""The contract of a session sweeper (``app.ports.session_sweeper``)."""

import asyncio
from dataclasses import replace
from itertools import cycle, islice

import pytest

from ..domain.sessions.replaced import NOTHING_REPLACED
from ..domain.sessions.session import Session
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sessions import (
    ALL,
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NEVER,
    NOW,
    TICK,
    SweptSessions,
    advance,
    assert_same,
    began_at,
    live_sessions,
    new_session,
    revoke,
    revoked,
    rotated,
    stored,
    sweep,
)


class SweeperBehaviour(RepositoryContract[SweptSessions]):
    """``erase_replaced``, ``revoke_cut_off`` and ``delete_ended`` do what their docstrings say."""

    async def test_erase_replaced_changes_only_the_replaced_secrets(self, repository: SweptSessions) -> None:
        """Those of a rotation before the moment are erased, at the moment they are not. A second call erases none."""
        await repository.add(new_session())
        await advance(repository, new_session())
        erased = await repository.erase_replaced(rotated_before=LATER, limit=10)
        assert erased == 0, "erase_replaced includes the moment itself"
        assert_same(await repository.find(new_session().session_id), rotated(new_session()))
        erased = await repository.erase_replaced(rotated_before=LATER + TICK, limit=10)
        assert erased == 1, "erase_replaced did not count the one session that it had to erase"
        assert_same(await repository.find(new_session().session_id), _erased(rotated(new_session())))
        erased = await repository.erase_replaced(rotated_before=LATER + 1, limit=10)
        assert erased == 0, "erase_replaced counts a session that has no replaced secret any more"

    async def test_erase_replaced_counts_sessions_not_secrets(self, repository: SweptSessions) -> None:
        """All replaced secrets of a session are erased together, and count as one. It can still advance."""
        session = new_session()
        await repository.add(session)
        for step in range(5):
            assert await advance(repository, session, now=NOW + step), "advance refused a live session"
            session = rotated(session, now=NOW + step)
        erased = await repository.erase_replaced(rotated_before=LATER, limit=10)
        assert erased == 1, "erase_replaced does not count sessions"
        assert_same(await repository.find(session.session_id), _erased(session))
        assert await advance(repository, _erased(session)), "a session does not advance after its secrets were erased"

    async def test_erase_replaced_keeps_the_secrets_of_a_newer_rotation(self, repository: SweptSessions) -> None:
        """Only the last rotation counts. A session that rotated again keeps all until that rotation is old."""
        first = rotated(new_session(), now=NOW + 1)
        second = rotated(first, now=NOW + 3)
        await repository.add(new_session())
        await advance(repository, new_session(), now=NOW + 1)
        await advance(repository, first, now=NOW + 3)
        erased = await repository.erase_replaced(rotated_before=NOW + 2, limit=10)
        assert erased == 0, "erase_replaced counts a session that has rotated since"
        assert_same(await repository.find(second.session_id), second)
        erased = await repository.erase_replaced(rotated_before=NOW + 4, limit=10)
        assert erased == 1, "erase_replaced did not find the session when its last rotation was old"

    async def test_sessions_without_replaced_secrets_do_not_count(self, repository: SweptSessions) -> None:
        """A session that never rotated does not use up the limit."""
        for number in range(4):
            await repository.add(new_session(number))
        await advance(repository, new_session(3))
        erased = await repository.erase_replaced(rotated_before=LATER + 1, limit=1)
        assert erased == 1, "sessions without replaced secrets use up the limit of erase_replaced"
        assert_same(await repository.find(new_session(3).session_id), _erased(rotated(new_session(3))))

    async def test_erase_replaced_stops_at_the_limit(self, repository: SweptSessions) -> None:
        """One call erases the secrets of at most ``limit`` sessions. Repeated calls erase all."""
        for number in range(7):
            await repository.add(new_session(number))
            await advance(repository, new_session(number), now=NOW + number)
        erased = [await repository.erase_replaced(rotated_before=LATER, limit=3) for _ in range(4)]
        assert erased == [3, 3, 1, 0], "erase_replaced does not erase up to its limit in each call"
        assert await _with_replaced(repository, 7) == [], "sessions have replaced secrets after the last call"

    async def test_erase_replaced_finds_rotations_in_any_order_of_time(self, repository: SweptSessions) -> None:
        """Old rotations are found although a clock jumped back or another instance has another clock."""
        for number, at in enumerate((LATER + 5, LATER, LATER + 3, LATER + 1)):
            await repository.add(new_session(number))
            await advance(repository, new_session(number), now=at)
        erased = await repository.erase_replaced(rotated_before=LATER + 2, limit=10)
        assert erased == 2, "erase_replaced judges by the order of the calls"
        assert await _with_replaced(repository, 4) == [0, 2], "other secrets were erased than those from before"

    async def test_revoke_cut_off_revokes_what_the_cut_off_ended(self, repository: SweptSessions) -> None:
        """Repeated calls revoke each session of before, at most ``limit`` in a call. ``find`` shows no difference."""
        opened = [began_at(number, NOW - 5 + number) for number in range(10)]
        for session in opened:
            await repository.add(session)
        await advance(repository, opened[4], now=NOW)
        opened[4] = rotated(opened[4], now=NOW)
        await revoke(repository, opened[2])
        opened[2] = revoked(opened[2])
        assert await _revoke_cut_off(repository) == 0, "revoke_cut_off revoked sessions although there is no cut-off"
        cut_off = int(NOW)
        await repository.set_cut_off(cut_off)
        assert await _revoke_cut_off(repository) == 5, "not each session that the cut-off ended was counted once"
        for session in opened:
            assert_same(await repository.find(session.session_id), session.ended_by(cut_off))
        assert await live_sessions(repository) == opened[6:], "the list of live sessions is wrong"
        listed = [each.session_id for each in await repository.list_revocations(0.0)]
        assert set(listed) <= {opened[2].session_id}, "list_revocations has sessions that the cut-off ended"
        assert await _revoke_cut_off(repository) == 0, "revoke_cut_off revoked sessions again"

    async def test_revoke_cut_off_follows_a_later_cut_off(self, repository: SweptSessions) -> None:
        """Sessions that began between two cut-offs are revoked, too, and so is one that is added late."""
        for number in range(4):
            await repository.add(began_at(number, NOW + number))
        await repository.set_cut_off(int(NOW))
        assert await _revoke_cut_off(repository) == 1, "the first cut-off ended one session"
        await repository.set_cut_off(int(NOW) + 2)
        assert await _revoke_cut_off(repository) == 2, "the second cut-off ended two more sessions"
        await repository.add(began_at(9, NOW))
        assert await _revoke_cut_off(repository) == 1, "a session that was added after the cut-off is never revoked"
        found = await stored(repository, began_at(0, NOW))
        assert found == began_at(0, NOW).ended_by(int(NOW)), "a later cut-off changed a session that is revoked"

    async def test_sessions_that_the_cut_off_ended_are_deleted(self, repository: SweptSessions) -> None:
        """After ``revoke_cut_off``, ``delete_ended`` deletes them as sessions that were revoked at the cut-off."""
        for number in range(6):
            await repository.add(began_at(number, NOW + number))
        cut_off = int(NOW) + 3
        await repository.set_cut_off(cut_off)
        await _revoke_cut_off(repository)
        assert await sweep(repository, revoked_before=cut_off) == 0, "sessions were deleted before their time"
        deleted = await sweep(repository, revoked_before=cut_off + TICK)
        assert deleted == 4, "not exactly the sessions that the cut-off ended were deleted"
        left = [number for number in range(6) if await repository.find(new_session(number).session_id)]
        assert left == [4, 5], "other sessions are left than those that began after the cut-off"

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
        assert [await repository.find(new_session(number).session_id) for number in range(23)] == [None] * 23

    async def test_every_connection_sees_sweeps(self) -> None:
        """Each sweep sees the last acknowledged change, and each read sees the last sweep."""
        one, other = await self.connections(2)
        await one.add(new_session())
        await advance(one, new_session())
        for connection in (one, other):
            assert_same(await connection.find(new_session().session_id), rotated(new_session()))
        erased = await other.erase_replaced(rotated_before=LATER + 1, limit=10)
        assert erased == 1, "a sweep does not see the rotation of another connection"
        assert_same(await one.find(new_session().session_id), _erased(rotated(new_session())))
        await revoke(one, new_session())
        assert await sweep(other, revoked_before=LATER + 1) == 1, "a sweep does not see another connection's revocation"
        assert await one.find(new_session().session_id) is None, "a read does not see the sweep of another connection"

    async def test_deleted_session_is_gone_everywhere(self, repository: SweptSessions) -> None:
        """No list has it, no act finds it, and its id can be used again."""
        session = new_session()
        await repository.add(session)
        await revoke(repository, session)
        await sweep(repository, revoked_before=LATER + 1)
        assert list(await repository.list_revocations(0.0)) == [], "a deleted session is listed as revoked"
        assert await revoke(repository, session) is False, "a deleted session was revoked"
        assert await advance(repository, session) is False, "a deleted session advanced"
        assert await live_sessions(repository) == [], "a deleted session is listed as live"
        await repository.add(session)
        assert_same(await repository.find(session.session_id), session)
        assert await live_sessions(repository) == [session], "a session is not listed that has the id of a deleted one"


class SweeperConcurrency(RepositoryContract[SweptSessions]):
    """Several instances sweep at the same time, while sessions rotate."""

    @pytest.mark.proof("stores")
    async def test_erase_replaced_that_races_with_advance_keeps_the_new_secrets(self, proof: Counts) -> None:
        """A sweep that races with a rotation erases what was there before, or nothing. What ``advance`` wrote stays."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to erase", small=10, full=200)):
            session = new_session(number)
            await connections[0].add(session)
            await advance(connections[0], session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
            sweeps = [connection.erase_replaced(rotated_before=NOW + 2, limit=100) for connection in connections[1:]]
            won, *erased = await asyncio.gather(advance(connections[0], session, now=NOW + 3), *sweeps)
            assert won is True, "advance was refused because of a sweep"
            assert sum(erased) <= 1, "racing sweeps counted one session more than once"
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
            assert sum(deleted) == 10, "racing sweeps did not count each ended session exactly once"
            left = [each for each, session in enumerate(opened) if await connections[-1].find(session.session_id)]
            assert left == list(range(1, 20, 2)), "a live session was deleted, or an ended one is left"

    @pytest.mark.proof("stores")
    async def test_racing_sweeps_revoke_each_session_once(self, proof: Counts) -> None:
        """Racing calls of ``revoke_cut_off`` together count each session once, while later sessions advance."""
        connections = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("races to revoke what a cut-off ended", small=8, full=100)):
            cut_off = int(NOW) + 2 * round_
            opened = [began_at(10 * round_ + each, float(cut_off)) for each in range(5)]
            later = began_at(10 * round_ + 5, cut_off + 1.0)
            for session in (*opened, later):
                await connections[0].add(session)
            await connections[0].set_cut_off(cut_off)
            sweeps = [connection.revoke_cut_off(limit=ALL) for connection in connections]
            won, *counted = await asyncio.gather(advance(connections[-1], later, now=cut_off + 1.5), *sweeps)
            assert won is True, "advance was refused because of a sweep"
            ended = len(opened) + (1 if round_ else 0)  # and the later session of the round before
            assert sum(counted) + await _revoke_cut_off(connections[0]) == ended, "not each session was counted once"
            assert_same(await connections[0].find(later.session_id), rotated(later, now=cut_off + 1.5))


class SessionSweeperContract(SweeperBehaviour, SweeperConcurrency):
    """All tiers. Only races can show that a sweep is atomic."""


def _erased(session: Session) -> Session:
    return replace(session, replaced=NOTHING_REPLACED)


async def _with_replaced(swept: SweptSessions, numbers: int) -> list[int]:
    """Return the numbers of the sessions that have replaced secrets."""
    return [number for number in range(numbers) if (await stored(swept, new_session(number))).replaced]


async def _revoke_cut_off(swept: SweptSessions) -> int:
    """Call ``revoke_cut_off`` often enough; return how many sessions it revoked."""
    revoked_in_steps = [await swept.revoke_cut_off(limit=3) for _ in range(20)]
    assert max(revoked_in_steps) <= 3, "one call of revoke_cut_off revoked more sessions than its limit"
    return sum(revoked_in_steps)
