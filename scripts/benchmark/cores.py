"""Which process runs on which core, and how much of it each has used.

What is measured runs on one core, what drives it on another. Both figures are Linux's.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_CORES: Final = sorted(os.sched_getaffinity(0))

MEASURED: Final = _CORES[0]
"""The core of the servers and of the limits they are compared with."""

DRIVING: Final = _CORES[-1]
"""The core of the client that drives them."""

_WHOLE_PROCESS: Final = 2


@contextmanager
def children_run_on(*cores: int) -> Iterator[None]:
    """Let the processes that are started inside run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def process_on(core: int) -> ProcessPoolExecutor:
    """Return one fresh process that runs functions on ``core``."""
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=os.sched_setaffinity,
        initargs=(0, {core}),
    )


def family_seconds(pid: int) -> float:
    """Return the CPU time that the process and its children, such as workers, have used, user and system."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return sum(process_seconds(each) for each in (pid, *map(int, children)))


def process_seconds(pid: int) -> float:
    """Return the CPU time that the process has used, user and system, all threads.

    It is the sum of utime and stime in /proc/PID/stat, read from the process's clock, which counts nanoseconds instead
    of ticks of 10 ms (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid << 3) | _WHOLE_PROCESS)


def main_thread_seconds(pid: int) -> float:
    """Return the CPU time that the process's main thread, the event loop, has used."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
