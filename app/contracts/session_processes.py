"""The concurrency of a session repository across processes, for a store that several processes can share."""

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import partial
from threading import Barrier
from typing import Any, Final

import pytest

from ..domain.identifiers import Subject
from ..domain.sessions.replaced import MAX_REPLACED
from ..domain.sessions.session import RevocationReason, Session
from ..ports.session_repository import SessionRepository
from .kit import Counts
from .sentences import USE_THE_RULES
from .session_reads import AFTER, BEFORE, assert_reads, begin, change
from .sessions import (
    LATER,
    NOW,
    advance,
    assert_same,
    began_at,
    chain_of,
    digest,
    limit_to,
    live_sessions,
    new_session,
    numbers_of,
    revoke,
    rotated,
    stored,
)

Opener = Callable[[], AbstractAsyncContextManager[SessionRepository]]
"""Open a repository over the store of a test. It is pickled for other processes, so it must be a function of a module,
or a ``partial`` of one.
"""

PROCESSES: Final = 3
_RACERS_EACH: Final = 6
_BARRIER_SECONDS: Final = 60.0

_in_this_process: dict[str, Barrier] = {}


class SessionProcesses:
    """Acts race in several processes."""

    pytestmark = pytest.mark.asyncio

    def opener(self) -> Opener:
        """Return a function that opens a repository over the store of this test, which is empty at first."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def processes(cls) -> Iterator[ProcessPoolExecutor]:
        """Return processes that wait for each other before each race."""
        with racing_processes() as processes:
            yield processes

    @pytest.mark.proof("stores")
    async def test_one_of_many_advances_in_several_processes_wins(
        self, processes: ProcessPoolExecutor, proof: Counts
    ) -> None:
        """Exactly one racer of all processes wins, and the session has the values of that racer."""
        async with self.opener()() as sessions:
            for number in range(proof.count("races to advance across processes", small=4, full=200)):
                session = new_session(number)
                await sessions.add(session)
                won = await _race(processes, partial(_swap, self.opener(), session))
                winners = [digest for each in won for digest in each]
                assert len(winners) == 1, (
                    f"{len(winners)} swaps of one digest won in several processes, not one: `advance` is not a"
                    f" compare-and-swap there{USE_THE_RULES}"
                )
                [winner] = winners
                assert_same(await sessions.find(session.session_id), rotated(session, new_digest=winner))

    @pytest.mark.proof("stores")
    async def test_revoke_in_another_process_is_final(self, processes: ProcessPoolExecutor, proof: Counts) -> None:
        """One process revokes while the others swap. The session ends up revoked and does not advance again."""
        async with self.opener()() as sessions:
            for number in range(proof.count("races to revoke across processes", small=4, full=200)):
                session = new_session(number)
                await sessions.add(session)
                await _race(processes, partial(_swap_or_revoke, self.opener(), session))
                found = await stored(sessions, session)
                how = (found.revoked_at, found.revoked_because)
                assert how == (LATER, RevocationReason.LOGOUT), "the revocation of a process was lost"
                assert await advance(sessions, found) is False, "a session advanced that a process has revoked"

    @pytest.mark.proof("stores")
    async def test_acts_on_many_sessions_in_another_process_are_final(
        self, processes: ProcessPoolExecutor, proof: Counts
    ) -> None:
        """One process ends a subject's sessions or sets the cut-off while the others swap. No session changes after
        that act has returned.
        """
        async with self.opener()() as sessions:
            for number in range(proof.count("races to end many across processes", small=6, full=200)):
                cut_off = int(NOW) + 2 * number
                opened = [began_at(100 * number + each, float(cut_off)) for each in range(_RACERS_EACH)]
                for session in opened:
                    await sessions.add(session)
                act = _swap_or_cut_off if number % 2 else _swap_or_revoke_subject
                ended, *_ = await _race(processes, partial(act, self.opener(), opened))
                for then in ended:
                    now = await stored(sessions, then)
                    assert now.revoked_at is not None, "a session is live that another process has ended"
                    assert now == then, "a session changed after another process had ended it"
                    made = await advance(sessions, now, now=cut_off + 1.0)
                    assert made is False, "a session advanced that another process has ended"

    @pytest.mark.proof("stores")
    async def test_sign_ins_in_several_processes_never_end_too_many(
        self, processes: ProcessPoolExecutor, proof: Counts
    ) -> None:
        """Each process signs in several times and keeps its own sessions. At least ``limit`` sessions stay live."""
        limit = 2
        async with self.opener()() as sessions:
            for number in range(proof.count("races of sign-ins across processes", small=6, full=200)):
                subject = Subject(f"subject-{number}")
                ended = await _race(processes, partial(_sign_in, self.opener(), subject, number, limit))
                left = await live_sessions(sessions, subject)
                assert len(left) >= limit, f"racing sign-ins left {len(left)} sessions, fewer than the limit of {limit}"
                returned = numbers_of([session for each in ended for session in each] + left)
                every = sorted(each for process in range(PROCESSES) for each in _numbers(number, process))
                assert returned == every, "a session is lost, or was returned by two calls of revoke_excess"

    @pytest.mark.proof("stores")
    async def test_rotations_in_several_processes_form_one_chain(
        self, processes: ProcessPoolExecutor, proof: Counts
    ) -> None:
        """When several processes rotate one session, each swap that wins follows the swap before it."""
        steps = proof.count("rotations that each process tries", small=30, full=1_000)
        session = new_session()
        async with self.opener()() as sessions:
            await sessions.add(session)
            won = await _race(processes, partial(_rotate, self.opener(), session, steps))
            swaps = [swap for each in won for swap in each]
            successor = dict(swaps)
            assert len(successor) == len(swaps), "two calls of advance replaced one digest"
            found = await stored(sessions, session)
        assert found.generation == len(swaps) >= steps, "the generation is not the number of swaps that won"
        chain = list(chain_of(successor, first=session.secret_digest))
        assert found.secret_digest == chain[-1], "the current digest is not the one of the last swap"
        kept = [each.digest for each in found.replaced]
        assert kept == chain[-1 - MAX_REPLACED : -1], "a replaced secret is missing from the last 32"

    async def test_no_read_is_kept_from_before_another_process_changed_it(self, processes: ProcessPoolExecutor) -> None:
        """Each read is made here, another process changes what it returned, and the read is made here again."""
        async with self.opener()() as sessions:
            await begin(sessions)
            await assert_reads(sessions, BEFORE, other="another process")
            await _race(processes, partial(_change, self.opener()))
            await assert_reads(sessions, AFTER, other="another process")


@contextmanager
def racing_processes() -> Iterator[ProcessPoolExecutor]:
    """Start processes that wait for each other before each race; end them afterwards."""
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(PROCESSES)
    with ProcessPoolExecutor(
        PROCESSES, mp_context=spawning, initializer=_set_barrier, initargs=(barrier,)
    ) as processes:
        yield processes


def _set_barrier(barrier: Barrier) -> None:
    _in_this_process["barrier"] = barrier


async def _race(processes: ProcessPoolExecutor, runner: Callable[[int], Any]) -> Sequence[Any]:
    """Run ``runner`` in each process with the number of the process; return the result of each."""
    loop = asyncio.get_running_loop()
    return await asyncio.gather(*(loop.run_in_executor(processes, runner, each) for each in range(PROCESSES)))


def _run(opener: Opener, act: Callable[[SessionRepository], Coroutine[Any, Any, Sequence[Any]]]) -> Sequence[Any]:
    """Open a repository, wait until every process has opened one, and run ``act`` on it."""

    async def open_and_act() -> Sequence[Any]:
        async with opener() as sessions:
            _in_this_process["barrier"].wait(_BARRIER_SECONDS)
            return await act(sessions)

    return asyncio.run(open_and_act())


def _change(opener: Opener, process: int) -> Sequence[bool]:
    """Make the changes in the first process only."""

    async def act(sessions: SessionRepository) -> Sequence[bool]:
        if process == 0:
            await change(sessions)
        return []

    return _run(opener, act)


def _swap(opener: Opener, session: Session, process: int) -> Sequence[bytes]:
    """Return the new digests of the swaps that won."""

    async def act(sessions: SessionRepository) -> Sequence[bytes]:
        digests = [digest(session.session_id, process, racer) for racer in range(_RACERS_EACH)]
        won = await asyncio.gather(*(advance(sessions, session, new_digest=each) for each in digests))
        return [each for each, has_won in zip(digests, won, strict=True) if has_won]

    return _run(opener, act)


def _swap_or_revoke(opener: Opener, session: Session, process: int) -> Sequence[bool]:
    async def act(sessions: SessionRepository) -> Sequence[bool]:
        if process == 0:
            return [await revoke(sessions, session)]
        return [await advance(sessions, session)]

    return _run(opener, act)


def _swap_or_revoke_subject(opener: Opener, opened: Sequence[Session], process: int) -> Sequence[Session]:
    """Return the sessions as they are when the first process has revoked them; other processes return none."""

    async def act(sessions: SessionRepository) -> Sequence[Session]:
        if process:
            return await _swap_all(sessions, opened)
        subject, reason = opened[0].subject, RevocationReason.LOGOUT
        await sessions.revoke_subject(subject, reason=reason, now=opened[0].created_at, keep=None)
        return [await stored(sessions, each) for each in opened]

    return _run(opener, act)


def _swap_or_cut_off(opener: Opener, opened: Sequence[Session], process: int) -> Sequence[Session]:
    """Return the sessions as they are when the first process has set the cut-off; other processes return none."""

    async def act(sessions: SessionRepository) -> Sequence[Session]:
        if process:
            return await _swap_all(sessions, opened)
        await sessions.set_cut_off(opened[0].auth_time())
        return [await stored(sessions, each) for each in opened]

    return _run(opener, act)


def _numbers(number: int, process: int) -> range:
    """Return the numbers of the sessions of a process."""
    first = 100 * number + _RACERS_EACH * process
    return range(first, first + _RACERS_EACH)


def _sign_in(opener: Opener, subject: Subject, number: int, limit: int, process: int) -> Sequence[Session]:
    """Return the sessions that the sign-ins of this process ended."""

    async def sign_in(sessions: SessionRepository, session: Session) -> Sequence[Session]:
        await sessions.add(session)
        return await limit_to(sessions, limit, subject, keep=session.session_id)

    async def act(sessions: SessionRepository) -> Sequence[Session]:
        opened = [
            new_session(each, subject=subject, rotated_at=LATER - each / 64) for each in _numbers(number, process)
        ]
        ended = await asyncio.gather(*(sign_in(sessions, each) for each in opened))
        return [session for each in ended for session in each]

    return _run(opener, act)


async def _swap_all(sessions: SessionRepository, opened: Sequence[Session]) -> Sequence[Session]:
    await asyncio.gather(*(advance(sessions, each, now=each.created_at + 1) for each in opened))
    return []


def _rotate(opener: Opener, begun: Session, steps: int, process: int) -> Sequence[tuple[bytes, bytes]]:
    """Return the old and the new digest of each swap that won."""

    async def act(sessions: SessionRepository) -> Sequence[tuple[bytes, bytes]]:
        won = []
        for step in range(steps):
            session = await stored(sessions, begun)
            new = digest(process, step)
            if await advance(sessions, session, new_digest=new, now=NOW + 1):
                won.append((session.secret_digest, new))
        return won

    return _run(opener, act)
