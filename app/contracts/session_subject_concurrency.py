"""The concurrency of a session repository: acts on many sessions that race on several connections."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.session import Session
from ..ports.session_repository import SessionRepository
from .kit import CONNECTIONS, RACERS, Counts, RepositoryContract
from .sessions import (
    LATER,
    NOW,
    advance,
    assert_same,
    began_at,
    end_all,
    in_order,
    limit_to,
    live_sessions,
    new_session,
    revoke,
    revoked,
    rotated,
    stored,
)

_Result = TypeVar("_Result")
_Other = TypeVar("_Other")


class SubjectConcurrency(RepositoryContract[SessionRepository]):
    """Acts on all sessions of a subject, and the cut-off, race with each other and with acts on one session."""

    @pytest.mark.proof("stores")
    async def test_racing_calls_of_revoke_subject_return_each_session_once(self, proof: Counts) -> None:
        """Together the racers return every session exactly once, so that each gets one audit event."""
        racers = await self.racers()
        for number in range(proof.count("races to revoke a subject", small=8, full=200)):
            opened = await _sign_in(racers[0], number, 6)
            ended = await asyncio.gather(*(end_all(connection, opened[0].subject) for connection in racers))
            together = in_order([session for each in ended for session in each])
            assert together == [revoked(each) for each in opened], "not each session was returned by exactly one call"

    @pytest.mark.proof("stores")
    async def test_revoke_subject_that_races_with_advances_is_final(self, proof: Counts) -> None:
        """Every session ends up revoked, counts the swap that won, and does not advance again."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races of advances with revoke_subject", small=16, full=500)):
            opened = await _sign_in(connections[0], number, CONNECTIONS)
            swaps = [advance(*pair) for pair in zip(connections, opened, strict=True)]
            end = end_all(connections[number % CONNECTIONS], opened[0].subject)
            ended, _ = await _race(end, swaps, turn=number % CONNECTIONS)
            found = [await stored(connections[-1], each) for each in opened]
            assert in_order(ended) == found, "revoke_subject did not return the sessions as they are now"
            for before, after in zip(opened, found, strict=True):
                left = rotated(before) if after.generation else before
                assert_same(after, revoked(left))
                assert await advance(connections[0], after) is False, "a session advanced after it was revoked"

    @pytest.mark.proof("stores")
    async def test_revoke_subject_that_races_with_revokes_counts_each_once(self, proof: Counts) -> None:
        """Each session is revoked by its own ``revoke`` or by ``revoke_subject``, never by both or none."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races of revokes with revoke_subject", small=16, full=200)):
            opened = await _sign_in(connections[0], number, CONNECTIONS)
            revokes = [revoke(*pair) for pair in zip(connections, opened, strict=True)]
            end = end_all(connections[number % CONNECTIONS], opened[0].subject)
            ended, made = await _race(end, revokes, turn=number % CONNECTIONS)
            by_subject = {each.session_id for each in ended}
            for session, by_itself in zip(opened, made, strict=True):
                assert by_itself is (session.session_id not in by_subject), "a session was revoked by both or by none"

    @pytest.mark.proof("stores")
    async def test_revoke_subject_that_races_with_adds_can_be_repeated(self, proof: Counts) -> None:
        """What was added before ends. What is added meanwhile may stay, whole, and ends with the next call."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races of adds with revoke_subject", small=8, full=200)):
            before = await _sign_in(connections[0], number, 3)
            subject = before[0].subject
            meanwhile = [new_session(100 * number + 50 + each, subject=subject) for each in range(CONNECTIONS)]
            adds = [connection.add(session) for connection, session in zip(connections, meanwhile, strict=True)]
            end = end_all(connections[number % CONNECTIONS], subject)
            ended, _ = await _race(end, adds, turn=number % CONNECTIONS)
            left = await live_sessions(connections[-1], subject)
            together = in_order([*ended, *[revoked(each) for each in left]])
            assert together == [revoked(each) for each in before + meanwhile], "a session is neither live nor returned"
            assert not set(before) & set(left), "a session stayed live that was added before revoke_subject was called"
            again = await end_all(connections[0], subject)
            assert in_order(again) == [revoked(each) for each in left], "the next call did not end what was left"

    @pytest.mark.proof("stores")
    async def test_racing_sign_ins_never_end_too_many(self, proof: Counts) -> None:
        """When many sign in at once, at least ``limit`` sessions stay live, and no session is returned twice.

        Each racer keeps its own session. In every second round all have signed in before any is judged.
        """
        racers = await self.racers()
        limit = 3
        for number in range(proof.count("races of sign-ins", small=16, full=500)):
            opened = await _sign_in(racers[0], number, limit)
            subject = opened[0].subject
            new = [
                new_session(100 * number + 50 + each, subject=subject, rotated_at=LATER - each / 64)
                for each in range(RACERS)
            ]

            others = asyncio.Barrier(RACERS if number % 2 else 1)
            sign_ins = [_enter(*pair, others, limit) for pair in zip(racers, new, strict=True)]
            ended = await asyncio.gather(*sign_ins)
            returned = [session.session_id for each in ended for session in each]
            left = await live_sessions(racers[-1], subject)
            assert len(left) >= limit, f"racing sign-ins left {len(left)} sessions, fewer than the limit of {limit}"
            assert len(returned) == len(set(returned)), "two calls of revoke_excess returned one session"
            assert len(returned) == len(opened + new) - len(left), "a session ended that no call returned"
            await limit_to(racers[0], limit, subject)
            left = await live_sessions(racers[-1], subject)
            assert len(left) == limit, f"{len(left)} sessions are live after a call without a race, not {limit}"

    @pytest.mark.proof("stores")
    async def test_cut_off_that_races_with_advances_is_final(self, proof: Counts) -> None:
        """No session of before advances after ``set_cut_off`` has returned, not even one in flight. Later ones do."""
        connections = await self.connections(CONNECTIONS)
        for number in range(proof.count("races with a cut-off", small=24, full=500)):
            cut_off = int(NOW) + 2 * number
            opened = [began_at(10 * number + each, cut_off + each / 64) for each in range(CONNECTIONS)]
            later = began_at(10 * number + CONNECTIONS, cut_off + 1.0)
            for session in (*opened, later):
                await connections[0].add(session)
            swaps = [advance(*pair, now=cut_off + 1.0) for pair in zip(connections, opened, strict=True)]
            swaps.append(advance(connections[0], later, now=cut_off + 1.0))
            cut = _cut_off(connections[number % CONNECTIONS], cut_off, opened)
            ended, _ = await _race(cut, swaps, turn=number % len(swaps))
            for then in ended:
                now = await stored(connections[-1], then)
                assert now == then, "a session changed after set_cut_off had returned"
                assert now.revoked_at == cut_off, "a session that began by the cut-off has not ended"
                made = await advance(connections[0], now, now=cut_off + 1.0)
                assert made is False, "a session advanced that the cut-off has ended"
            assert_same(await connections[-1].find(later.session_id), rotated(later, now=cut_off + 1.0))

    @pytest.mark.proof("stores")
    async def test_latest_of_racing_cut_offs_stays(self, proof: Counts) -> None:
        """Whatever order the racers have, the latest cut-off is stored."""
        racers = await self.racers()
        for number in range(proof.count("races of cut-offs", small=16, full=200)):
            cut_offs = [int(NOW) + RACERS * number + (7 * racer + number) % RACERS for racer in range(RACERS)]
            await asyncio.gather(
                *(connection.set_cut_off(cut_off) for connection, cut_off in zip(racers, cut_offs, strict=True))
            )
            assert await racers[-1].find_cut_off() == max(cut_offs), "a racing cut-off moved the cut-off back"


async def _race(
    act: Coroutine[Any, Any, _Result], others: Sequence[Coroutine[Any, Any, _Other]], *, turn: int
) -> tuple[_Result, list[_Other]]:
    """Run all at once, where ``act`` starts after ``turn`` of the others; return its result, and theirs."""
    first = [asyncio.create_task(each) for each in others[:turn]]
    acting = asyncio.create_task(act)
    last = [asyncio.create_task(each) for each in others[turn:]]
    return await asyncio.gather(acting, asyncio.gather(*first, *last))


async def _sign_in(sessions: SessionRepository, number: int, sessions_of_subject: int) -> list[Session]:
    """Add sessions of one subject; return them in the order of their positions."""
    subject = Subject(f"subject-{number}")
    opened = [new_session(100 * number + each, subject=subject) for each in range(sessions_of_subject)]
    for session in opened:
        await sessions.add(session)
    return opened


async def _enter(
    sessions: SessionRepository, session: Session, others: asyncio.Barrier, limit: int
) -> Sequence[Session]:
    """Sign in: add the session, wait for the others, and end the sessions that are too many."""
    await sessions.add(session)
    await others.wait()
    return await limit_to(sessions, limit, session.subject, keep=session.session_id)


async def _cut_off(sessions: SessionRepository, cut_off: int, opened: Sequence[Session]) -> list[Session]:
    """Set the cut-off, and return the sessions as they are when it is set."""
    await sessions.set_cut_off(cut_off)
    return [await stored(sessions, each) for each in opened]
