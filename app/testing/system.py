"""A fake clock and fake randomness."""

from typing import Final

from ..ports.clock import Clock
from ..ports.randomness import Randomness

NOW: Final = 1_800_000_000.0
"""The time at which a test begins, unless the test sets another. In seconds since the epoch."""


class FakeClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = NOW) -> None:
        self.time = now
        self.steady_time = 0.0

    def now(self) -> float:
        return self.time

    def steady(self) -> float:
        return self.steady_time

    def advance(self, seconds: float) -> None:
        """Let time pass: the clock and the steady clock move forward."""
        self.time += seconds
        self.steady_time += max(0.0, seconds)


class FakeRandomness(Randomness):
    """Returns the numbers 1, 2, 3, … as bytes: no two results are equal, and every run has the same results."""

    def __init__(self) -> None:
        self.draws = 0

    def token_bytes(self, length: int) -> bytes:
        self.draws += 1
        return self.draws.to_bytes(length, "big")
