"""The behaviour of a session sweeper: ``erase_replaced`` and ``revoke_cut_off``."""

from .kit import RepositoryContract
from .sessions import (
    LATER,
    NOW,
    TICK,
    SweptSessions,
    advance,
    assert_same,
    began_at,
    live_sessions,
    new_session,
    revocations,
    revoke,
    revoked,
    rotated,
    stored,
    sweep,
    without_replaced,
)


class SecretErasure(RepositoryContract[SweptSessions]):
    """``erase_replaced`` does what its docstring says."""

    async def test_erase_replaced_changes_only_the_replaced_secrets(self, repository: SweptSessions) -> None:
        """Those of a rotation before the moment are erased, at the moment they are not. A second call erases none."""
        await repository.add(new_session())
        await advance(repository, new_session())
        erased = await repository.erase_replaced(rotated_before=LATER, limit=10)
        assert erased == 0, "erase_replaced includes the moment itself"
        assert_same(await repository.find(new_session().session_id), rotated(new_session()))
        erased = await repository.erase_replaced(rotated_before=LATER + TICK, limit=10)
        assert erased == 1, "erase_replaced did not count the one session that it had to erase"
        assert_same(await repository.find(new_session().session_id), without_replaced(rotated(new_session())))
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
        assert_same(await repository.find(session.session_id), without_replaced(session))
        assert await advance(repository, without_replaced(session)), "an erased session does not advance"

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
        assert_same(await repository.find(new_session(3).session_id), without_replaced(rotated(new_session(3))))

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


class CutOffRevocation(RepositoryContract[SweptSessions]):
    """``revoke_cut_off`` does what its docstring says."""

    async def test_revoke_cut_off_revokes_what_the_cut_off_ended(self, repository: SweptSessions) -> None:
        """Repeated calls revoke each session of before, at most ``limit`` in a call. ``find`` shows no difference."""
        opened = [began_at(number, NOW - 5 + number) for number in range(10)]
        for session in opened:
            await repository.add(session)
        await advance(repository, opened[4], now=NOW)
        opened[4] = rotated(opened[4], now=NOW)
        await revoke(repository, opened[2])
        opened[2] = revoked(opened[2])
        assert await sweep_cut_off(repository) == 0, "revoke_cut_off revoked sessions although there is no cut-off"
        cut_off = int(NOW)
        await repository.set_cut_off(cut_off)
        assert await sweep_cut_off(repository) == 5, "not each session that the cut-off ended was counted once"
        for session in opened:
            assert_same(await repository.find(session.session_id), session.ended_by(cut_off))
        assert await live_sessions(repository) == opened[6:], "the list of live sessions is wrong"
        listed = [each.session_id for each in await revocations(repository, 0.0)]
        assert set(listed) <= {opened[2].session_id}, "list_revocations has sessions that the cut-off ended"
        assert await sweep_cut_off(repository) == 0, "revoke_cut_off revoked sessions again"

    async def test_revoke_cut_off_follows_a_later_cut_off(self, repository: SweptSessions) -> None:
        """Sessions that began between two cut-offs are revoked, too, and so is one that is added late."""
        for number in range(4):
            await repository.add(began_at(number, NOW + number))
        await repository.set_cut_off(int(NOW))
        assert await sweep_cut_off(repository) == 1, "not exactly the session of the first cut-off was revoked"
        await repository.set_cut_off(int(NOW) + 2)
        assert await sweep_cut_off(repository) == 2, "not exactly the two new ones were revoked"
        await repository.add(began_at(9, NOW))
        assert await sweep_cut_off(repository) == 1, "a session that was added after the cut-off is never revoked"
        found = await stored(repository, began_at(0, NOW))
        assert found == began_at(0, NOW).ended_by(int(NOW)), "a later cut-off changed a session that is revoked"

    async def test_sessions_that_the_cut_off_ended_are_deleted(self, repository: SweptSessions) -> None:
        """After ``revoke_cut_off``, ``delete_ended`` deletes them as sessions that were revoked at the cut-off."""
        for number in range(6):
            await repository.add(began_at(number, NOW + number))
        cut_off = int(NOW) + 3
        await repository.set_cut_off(cut_off)
        await sweep_cut_off(repository)
        assert await sweep(repository, revoked_before=cut_off) == 0, "sessions were deleted before their time"
        deleted = await sweep(repository, revoked_before=cut_off + TICK)
        assert deleted == 4, "not exactly the sessions that the cut-off ended were deleted"
        left = [number for number in range(6) if await repository.find(new_session(number).session_id)]
        assert left == [4, 5], "other sessions are left than those that began after the cut-off"


async def _with_replaced(swept: SweptSessions, numbers: int) -> list[int]:
    """Return the numbers of the sessions that have replaced secrets."""
    return [number for number in range(numbers) if (await stored(swept, new_session(number))).replaced]


async def sweep_cut_off(swept: SweptSessions) -> int:
    """Call ``revoke_cut_off`` often enough; return how many sessions it revoked."""
    revoked_in_steps = [await swept.revoke_cut_off(limit=3) for _ in range(20)]
    assert max(revoked_in_steps) <= 3, "one call of revoke_cut_off revoked more sessions than its limit"
    return sum(revoked_in_steps)
