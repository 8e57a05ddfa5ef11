"""Measures the CPU time of an operation in this process."""

import time
from collections.abc import Callable

Operation = Callable[[int], None]
"""Does something a number of times."""

_BATCH_SECONDS = 0.004
"""Shorter batches are dropped: they would measure mostly the clock and the start of the batch."""


def repeated(act: Callable[[], object]) -> Operation:
    """Return an operation that calls ``act``."""

    def run(times: int) -> None:
        for _ in range(times):
            act()

    return run


def cpu_of(operation: Operation, seconds: float) -> float:
    """Return the CPU seconds of one ``operation``, measured for about ``seconds`` of wall-clock time."""
    until = time.perf_counter() + seconds
    batch, done, used = 1, 0, 0.0
    while not done or time.perf_counter() < until:
        start = time.process_time()
        operation(batch)
        took = time.process_time() - start
        if took < _BATCH_SECONDS:
            batch *= 2
        else:
            used += took
            done += batch
    return used / done
