"""The operating system's clock and randomness."""

import os
import time

from ..ports.clock import Clock
from ..ports.randomness import Randomness


class SystemClock(Clock):
    """Reads the wall clock, because other machines compare the times in tokens with their own clocks."""

    def now(self) -> float:
        return time.time()


class SystemRandomness(Randomness):
    """Reads the kernel's random generator."""

    def token_bytes(self, length: int) -> bytes:
        return os.urandom(length)
