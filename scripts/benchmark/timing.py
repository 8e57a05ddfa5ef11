"""CPU time of one operation in this process."""

import time
from collections.abc import Callable

Operation = Callable[[int], None]
"""Does something so many times."""

_BATCH_SECONDS = 0.004
"""A batch that is shorter counts for nothing: reading the clock, and starting the batch, would count too much."""


def repeated(act: Callable[[], object]) -> Operation:
    """Return the operation that calls ``act``."""

    def run(times: int) -> None:
        for _ in range(times):
            act()

    return run


def cpu_of(operation: Operation, seconds: float) -> float:
    """Return the CPU seconds that one ``operation`` takes, measured for about ``seconds`` by the clock on the wall."""
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
