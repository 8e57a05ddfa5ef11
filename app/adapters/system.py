"""The operating system's clock and randomness."""

import os
import time

from ..ports.clock import Clock
from ..ports.randomness import Randomness


class SystemClock(Clock):
    """The wall clock: tokens carry its time to other machines."""

    def now(self) -> float:
        return time.time()


class SystemRandomness(Randomness):
    """The kernel's random generator."""

    def token_bytes(self, length: int) -> bytes:
        return os.urandom(length)
