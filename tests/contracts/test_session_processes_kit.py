"""The session kit notices races between processes."""

from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.contracts.kit import Counts
from app.contracts.session_processes import Opener, SessionProcesses, racing_processes

from .faulty_processes import open_unlocked
from .faulty_reads import open_keeping

Race = Callable[[SessionProcesses, ProcessPoolExecutor, Counts], Awaitable[None]]

RACES: list[Race] = [
    SessionProcesses.test_one_of_many_advances_in_several_processes_wins,
    SessionProcesses.test_revoke_in_another_process_is_final,
    SessionProcesses.test_acts_on_many_sessions_in_another_process_are_final,
    SessionProcesses.test_sign_ins_in_several_processes_never_end_too_many,
    SessionProcesses.test_rotations_in_several_processes_form_one_chain,
]


class OnAFile(SessionProcesses):
    """The kit on a file."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def opener(self) -> Opener:
        return self._opener


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Return the processes that the kit uses."""
    with racing_processes() as processes:
        yield processes


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
async def test_file_without_a_lock_fails(
    race: Race, processes: ProcessPoolExecutor, tmp_path: Path, proof: Counts
) -> None:
    """Two processes that each write back what they read lose a change of the other, and every race shows it."""
    with pytest.raises(AssertionError):
        await race(OnAFile(partial(open_unlocked, tmp_path / "sessions")), processes, proof)


async def test_reads_that_a_process_keeps_are_noticed(processes: ProcessPoolExecutor, tmp_path: Path) -> None:
    """A cache for all connections of a process returns what another process has changed since, and is named."""
    kept = OnAFile(partial(open_keeping, tmp_path / "sessions"))
    with pytest.raises(AssertionError, match=r"find of .* before another process changed it: a cache keeps it"):
        await kept.test_no_read_is_kept_from_before_another_process_changed_it(processes)


async def test_reads_that_no_process_keeps_pass(processes: ProcessPoolExecutor, tmp_path: Path) -> None:
    """The file without the cache passes."""
    await OnAFile(
        partial(open_unlocked, tmp_path / "sessions")
    ).test_no_read_is_kept_from_before_another_process_changed_it(processes)
