"""Budgets of attempts: how many at once, and how soon they come back (GCRA, the algorithm of ITU-T I.371)."""

from dataclasses import dataclass
from typing import Final

_MICROSECONDS: Final = 1_000_000
_CLOCK_MARGIN: Final = 60 * _MICROSECONDS
"""Clocks of instances differ by less."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """``attempts`` at once; each comes back after its share of ``period`` seconds."""

    attempts: int
    period: int

    def interval(self) -> int:
        """Return after how many microseconds one attempt comes back."""
        return -(-self.period * _MICROSECONDS // self.attempts)

    def tolerance(self) -> int:
        """Return how many microseconds ahead an attempt may still be taken."""
        return (self.attempts - 1) * self.interval()

    def latest(self) -> int:
        """Return how many microseconds ahead a budget can be whole again at most. One that would be later was used
        before a clock was set back, and counts as whole: nobody shall wait for a time that may be years away.
        """
        return self.attempts * self.interval() + _CLOCK_MARGIN

    def take(self, due: int, now: int) -> tuple[int, int]:
        """Return when the budget is whole again after one more attempt at ``now``, and for how long that attempt has to
        wait: 0 if it is taken, and otherwise the first is ``due`` as it was. All are microseconds.
        """
        if due > now + self.latest():
            due = 0
        wait = due - now - self.tolerance()
        return (due, wait) if wait > 0 else (max(due, now) + self.interval(), 0)

    def give_back(self, due: int) -> int:
        """Return when the budget is whole again if one attempt that was taken does not count."""
        return due - self.interval()


def microseconds(seconds: float) -> int:
    """Return a time in the unit of this arithmetic: whole, so that no rounding lets one more through."""
    return round(seconds * _MICROSECONDS)


def seconds(microseconds: int) -> float:
    """Return a time in seconds."""
    return microseconds / _MICROSECONDS
