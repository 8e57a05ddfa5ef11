"""Puts processes on cores and reads their CPU times. Both need Linux.

The measured processes run on one core, the client on another.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_CORES: Final = sorted(os.sched_getaffinity(0))

MEASURED: Final = _CORES[0]
"""The core of the servers and of the operations they are compared with."""

DRIVING: Final = _CORES[-1]
"""The core of the client."""

_PROCESS_CLOCK: Final = 2


@contextmanager
def children_run_on(*cores: int) -> Iterator[None]:
    """Let processes that are started in this context run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def process_on(core: int) -> ProcessPoolExecutor:
    """Return an executor with one new process that runs on ``core``."""
    return ProcessPoolExecutor(
        max_workers=1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=os.sched_setaffinity,
        initargs=(0, {core}),
    )


def process_tree_seconds(pid: int) -> float:
    """Return the CPU time of the process and its children, such as workers: user and system, in seconds."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return sum(process_seconds(each) for each in (pid, *map(int, children)))


def backend_seconds(postmaster: int, database: str) -> float:
    """Return the CPU time of the processes of PostgreSQL that serve connections to ``database``, in seconds."""
    found = 0.0
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text("ascii").split():
        with suppress(OSError):  # the process has ended
            title = Path(f"/proc/{child}/cmdline").read_text("utf-8", "replace").split()
            if title[2:3] == [database]:
                found += process_seconds(int(child))
    return found


def process_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process: user and system, in seconds.

    It equals utime plus stime in /proc/PID/stat. The process's clock has a resolution of nanoseconds instead of ticks
    of 10 ms (clock_getcpuclockid(3)).
    """
    return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)


def main_thread_seconds(pid: int) -> float:
    """Return the CPU time of the process's main thread, which runs the event loop, in seconds."""
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
