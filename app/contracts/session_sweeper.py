"""The contract of a session sweeper (``app.ports.session_sweeper``), over the sessions that it forgets."""

import asyncio
from dataclasses import replace
from itertools import cycle, islice

import pytest

from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason
from .counts import CONNECTIONS, RACERS, Counts
from .session_kit import (
    IDLE_LIFETIME,
    LATER,
    LIFETIME,
    NEVER,
    NOW,
    SweptSessionKit,
    SweptSessions,
    advance,
    assert_same,
    new_session,
    rotated,
    sweep,
)


class SweeperBehaviour(SweptSessionKit):
    """``erase_salts`` and ``delete_ended`` do what their docstrings say."""

    async def test_a_salt_is_erased_and_nothing_else(self, swept: SweptSessions) -> None:
        """A salt from before the moment goes, one of that very moment stays; a second call finds nothing."""
        await swept.add(new_session())
        await advance(swept, new_session())
        assert await swept.erase_salts(rotated_before=LATER, limit=10) == 0
        assert_same(await swept.find(new_session().session_id), rotated(new_session()))
        assert await swept.erase_salts(rotated_before=LATER + 0.015625, limit=10) == 1
        assert_same(await swept.find(new_session().session_id), replace(rotated(new_session()), salt=None))
        assert await swept.erase_salts(rotated_before=LATER + 1, limit=10) == 0

    async def test_a_newer_salt_is_not_erased(self, swept: SweptSessions) -> None:
        """Only the last rotation counts: a session that rotated again keeps its salt until that one is old."""
        first = rotated(new_session(), now=NOW + 1)
        second = rotated(first, now=NOW + 3)
        await swept.add(new_session())
        await advance(swept, new_session(), now=NOW + 1)
        await advance(swept, first, now=NOW + 3)
        assert await swept.erase_salts(rotated_before=NOW + 2, limit=10) == 0
        assert_same(await swept.find(second.session_id), second)
        assert await swept.erase_salts(rotated_before=NOW + 4, limit=10) == 1

    async def test_sessions_without_a_salt_do_not_count(self, swept: SweptSessions) -> None:
        """One that never rotated has no salt to erase, and takes no place of one that has."""
        for number in range(4):
            await swept.add(new_session(number))
        await advance(swept, new_session(3))
        assert await swept.erase_salts(rotated_before=LATER + 1, limit=1) == 1
        assert_same(await swept.find(new_session(3).session_id), replace(rotated(new_session(3)), salt=None))

    async def test_salts_are_erased_up_to_the_limit(self, swept: SweptSessions) -> None:
        """One call erases no more, and repeated calls erase all."""
        for number in range(7):
            await swept.add(new_session(number))
            await advance(swept, new_session(number), now=NOW + number)
        erased = [await swept.erase_salts(rotated_before=LATER, limit=3) for _ in range(4)]
        assert erased == [3, 3, 1, 0]
        assert [await _salt(swept, number) for number in range(7)] == [None] * 7

    async def test_salts_are_erased_whatever_the_order_of_their_times(self, swept: SweptSessions) -> None:
        """A clock that jumped back, or another instance's, makes later rotations older: they are found too."""
        for number, at in enumerate((LATER + 5, LATER, LATER + 3, LATER + 1)):
            await swept.add(new_session(number))
            await advance(swept, new_session(number), now=at)
        assert await swept.erase_salts(rotated_before=LATER + 2, limit=10) == 2
        salted = [await _salt(swept, number) is not None for number in range(4)]
        assert salted == [True, False, True, False]

    async def test_no_salt_of_a_revoked_session_stays(self, swept: SweptSessions) -> None:
        """Whether it goes at once or with the others, it goes."""
        await swept.add(new_session())
        await advance(swept, new_session())
        await swept.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await swept.erase_salts(rotated_before=LATER + 1, limit=10)
        assert await _salt(swept, 1) is None

    @pytest.mark.parametrize(
        ("idle_expires_at", "end"),
        [(None, NOW + LIFETIME), (NOW + IDLE_LIFETIME, NOW + IDLE_LIFETIME)],
        ids=["absolute", "idle"],
    )
    async def test_expired_sessions_are_deleted(
        self, swept: SweptSessions, idle_expires_at: float | None, end: float
    ) -> None:
        """Those whose earlier expiry lies before the moment go; one that ends at that moment stays."""
        session = new_session(idle_expires_at=idle_expires_at)
        await swept.add(session)
        assert await sweep(swept, expired_before=end) == 0
        assert_same(await swept.find(session.session_id), session)
        assert await sweep(swept, expired_before=end + 0.015625) == 1
        assert await swept.find(session.session_id) is None

    async def test_a_session_that_was_used_is_not_deleted(self, swept: SweptSessions) -> None:
        """A rotation moved its idle expiry, so the first one deletes nothing."""
        await swept.add(new_session())
        await advance(swept, new_session())
        assert await sweep(swept, expired_before=LATER + IDLE_LIFETIME) == 0
        assert await sweep(swept, expired_before=LATER + IDLE_LIFETIME + 1) == 1

    async def test_revoked_sessions_are_deleted(self, swept: SweptSessions) -> None:
        """Those revoked before the moment go; one revoked at that moment stays."""
        await swept.add(new_session())
        await swept.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(swept, revoked_before=LATER) == 0
        assert await swept.find(new_session().session_id) is not None
        assert await sweep(swept, revoked_before=LATER + 0.015625) == 1
        assert await swept.find(new_session().session_id) is None

    async def test_live_sessions_are_not_deleted(self, swept: SweptSessions) -> None:
        """Of a mixture, the ended ones go by either cause, counted once each."""
        for number in range(9):
            await swept.add(new_session(number, idle_expires_at=NOW + (20 if number % 3 == 0 else 500)))
        for number in (0, 1, 3, 4):
            await swept.revoke(new_session(number).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(swept, expired_before=NOW + 21, revoked_before=LATER + 1) == 5
        left = [number for number in range(9) if await swept.find(new_session(number).session_id)]
        assert left == [2, 5, 7, 8]

    async def test_a_call_looks_at_no_more_than_its_limit_and_repeated_calls_at_all(self, swept: SweptSessions) -> None:
        """Wherever the ended ones stand among the live, small steps find each of them, and more in a later round."""
        for number in range(23):
            await swept.add(new_session(number, expires_at=NOW + 50 if number % 2 else NOW + 90))

        for expired_before, deleted in ((NOW + 10, 0), (NOW + 60, 11), (NOW + 91, 12)):
            steps = [
                await swept.delete_ended(expired_before=expired_before, revoked_before=NEVER, limit=4)
                for _ in range(14)
            ]
            assert sum(steps) == deleted
            assert max(steps) <= 4
        assert [await swept.find(new_session(number).session_id) for number in range(23)] == [None] * 23

    async def test_what_one_connection_forgot_no_other_finds(self) -> None:
        """Each sweep starts from the last acknowledged change, and each read from the last sweep."""
        one, other = await self.connections(2)
        await one.add(new_session())
        await advance(one, new_session())
        assert await other.erase_salts(rotated_before=LATER + 1, limit=10) == 1
        assert_same(await one.find(new_session().session_id), replace(rotated(new_session()), salt=None))
        await one.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        assert await sweep(other, revoked_before=LATER + 1) == 1
        assert await one.find(new_session().session_id) is None

    async def test_a_deleted_session_is_gone_from_everywhere(self, swept: SweptSessions) -> None:
        """No list names it, no act finds it, and its id is free."""
        session = new_session()
        await swept.add(session)
        await swept.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await sweep(swept, revoked_before=LATER + 1)
        assert list(await swept.list_revocations(0.0)) == []
        assert await swept.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=LATER) is False
        assert await advance(swept, session) is False
        assert list(await swept.list_live_sessions(Subject("subject-1"), now=LATER)) == []
        await swept.add(session)
        assert_same(await swept.find(session.session_id), session)
        assert list(await swept.list_live_sessions(Subject("subject-1"), now=LATER)) == [session]


class SweeperConcurrency(SweptSessionKit):
    """Instances that sweep at once, while sessions go on."""

    @pytest.mark.proof("stores")
    async def test_erasing_salts_never_takes_a_new_one(self, proof: Counts) -> None:
        """A sweep that races with a rotation erases the old salt or none; the swap and its salt stay."""
        handles = await self.connections(CONNECTIONS)
        for number in range(proof.count("races to erase", small=10, full=200)):
            session = new_session(number)
            await handles[0].add(session)
            await advance(handles[0], session, now=NOW + 1)
            session = rotated(session, now=NOW + 1)
            sweeps = [handle.erase_salts(rotated_before=NOW + 2, limit=100) for handle in handles[1:]]
            won, *erased = await asyncio.gather(advance(handles[0], session, now=NOW + 3), *sweeps)
            assert won is True
            assert sum(erased) <= 1
            assert_same(await handles[-1].find(session.session_id), rotated(session, now=NOW + 3))

    @pytest.mark.proof("stores")
    async def test_sweeps_at_once_delete_each_session_once(self, proof: Counts) -> None:
        """Instances that sweep together count every ended session once between them, and take no live one."""
        handles = await self.connections(CONNECTIONS)
        for round_ in range(proof.count("races to delete", small=5, full=50)):
            opened = [new_session(20 * round_ + each, expires_at=NOW + 20 + 50 * (each % 2)) for each in range(20)]
            for session in opened:
                await handles[0].add(session)
            deleted = await asyncio.gather(
                *(sweep(handle, expired_before=NOW + 30) for handle in islice(cycle(handles), RACERS))
            )
            assert sum(deleted) == 10
            left = [each for each, session in enumerate(opened) if await handles[-1].find(session.session_id)]
            assert left == list(range(1, 20, 2))


class SessionSweeperContract(SweeperBehaviour, SweeperConcurrency):
    """All tiers; what is atomic about sweeping only races show."""


async def _salt(swept: SweptSessions, number: int) -> bytes | None:
    session = await swept.find(SessionId(number.to_bytes(16, "big")))
    assert session is not None
    return session.salt
