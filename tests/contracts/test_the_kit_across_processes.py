"""The kit notices what goes wrong between processes."""

from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from app.contracts.counts import Counts
from app.contracts.session_processes import Opener, SessionProcesses, meeting_processes

from .faulty_processes import open_unlocked

Race = Callable[[SessionProcesses, ProcessPoolExecutor, Counts], Awaitable[None]]

RACES: list[Race] = [
    SessionProcesses.test_of_many_swaps_in_many_processes_one_wins,
    SessionProcesses.test_a_revocation_in_another_process_is_final,
    SessionProcesses.test_chains_across_processes_have_no_gap_and_no_fork,
]


class Unlocked(SessionProcesses):
    """The kit on the file that nobody locks."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def opener(self) -> Opener:
        return partial(open_unlocked, self._file)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Return the kit's own processes."""
    with meeting_processes() as processes:
        yield processes


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
async def test_a_file_without_a_lock_fails(
    race: Race, processes: ProcessPoolExecutor, tmp_path: Path, proof: Counts
) -> None:
    """Two processes that each write back what they read lose one's change: every race shows it."""
    with pytest.raises(AssertionError):
        await race(Unlocked(tmp_path / "sessions"), processes, proof)
