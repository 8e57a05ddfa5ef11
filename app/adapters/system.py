"""The operating system's clock and randomness."""

import os
import time
from typing import Final

from ..ports.clock import Clock
from ..ports.randomness import Randomness

_STEADY_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock(Clock):
    """Reads the wall clock, because other machines compare the times in tokens with their own clocks.

    The steady clock is CLOCK_BOOTTIME where the system has it: the monotonic clock of Linux stops in suspend.
    """

    def now(self) -> float:
        return time.time()

    def steady(self) -> float:
        return time.clock_gettime(_STEADY_CLOCK)


class SystemRandomness(Randomness):
    """Reads the kernel's random generator."""

    def token_bytes(self, length: int) -> bytes:
        return os.urandom(length)
