"""The arithmetic of rate limits: GCRA, the generic cell rate algorithm of ITU-T I.371."""

from dataclasses import dataclass, field
from typing import Final

_MICROSECONDS: Final = 1_000_000
_CLOCK_MARGIN: Final = 60 * _MICROSECONDS
"""The clocks of two instances differ by less."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit of ``attempts`` in ``period`` seconds. All of them may be taken at once; then one comes back after each
    ``interval``, in microseconds, rounded up.

    The state of a limit is one number: ``full_at``, the time at which all attempts are available again, in
    microseconds since the epoch. A limit that was never used is full at 0. An attempt is allowed if ``full_at`` is at
    most ``tolerance`` microseconds ahead. If it is more than ``max_ahead`` ahead, it was stored before a clock was set
    back. It counts as 0 then, because the wait could be years.
    """

    attempts: int
    period: int
    interval: int = field(init=False, repr=False, compare=False)
    tolerance: int = field(init=False, repr=False, compare=False)
    max_ahead: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        interval = -(-self.period * _MICROSECONDS // self.attempts)
        object.__setattr__(self, "interval", interval)
        object.__setattr__(self, "tolerance", (self.attempts - 1) * interval)
        object.__setattr__(self, "max_ahead", self.attempts * interval + _CLOCK_MARGIN)

    def take(self, full_at: int, now: int) -> tuple[int, int]:
        """Return ``(full_at, retry_after)`` after one more attempt at ``now``, in microseconds.

        ``retry_after`` is 0 if the attempt is allowed. Otherwise ``full_at`` is unchanged: a refusal is not charged.
        """
        if full_at > now + self.max_ahead:
            full_at = 0
        retry_after = full_at - now - self.tolerance
        return (full_at, retry_after) if retry_after > 0 else (max(full_at, now) + self.interval, 0)

    def give_back(self, full_at: int) -> int:
        """Return ``full_at`` without one of the attempts that were taken."""
        return full_at - self.interval


def microseconds(seconds: float) -> int:
    """Return a time in microseconds, rounded to an integer: sums of integers are exact."""
    return round(seconds * _MICROSECONDS)


def seconds(microseconds: int) -> float:
    """Return a time in seconds."""
    return microseconds / _MICROSECONDS
