"""CPU time of one operation in this process."""

import time
from collections.abc import Callable

Operation = Callable[[int], None]
"""Does something so many times."""

_BATCH_SECONDS = 0.004


def repeated(act: Callable[[], object]) -> Operation:
    """Return the operation that calls ``act``."""

    def run(times: int) -> None:
        for _ in range(times):
            act()

    return run


def cpu_of(operation: Operation, seconds: float) -> float:
    """Return the CPU seconds that one ``operation`` takes, measured for about ``seconds``."""
    batch, done, used = _batch(operation), 0, 0.0
    while used < seconds:
        used += _seconds(operation, batch)
        done += batch
    return used / done


def _batch(operation: Operation) -> int:
    """Return how many operations take so long that reading the clock, and starting them, does not matter."""
    batch = 1
    while _seconds(operation, batch) < _BATCH_SECONDS:
        batch *= 2
    return batch


def _seconds(operation: Operation, times: int) -> float:
    start = time.process_time()
    operation(times)
    return time.process_time() - start
