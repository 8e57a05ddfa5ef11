"""The arithmetic of rate limits: GCRA, the generic cell rate algorithm of ITU-T I.371."""

from dataclasses import dataclass
from typing import Final

_MICROSECONDS: Final = 1_000_000
_CLOCK_MARGIN: Final = 60 * _MICROSECONDS
"""The clocks of two instances differ by less."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit of ``attempts`` in ``period`` seconds. All of them may be taken at once; then one comes back after each
    ``period / attempts`` seconds.

    The state of a limit is one number: ``full_at``, the time at which all attempts are available again, in
    microseconds since the epoch. A limit that was never used is full at 0.
    """

    attempts: int
    period: int

    def interval(self) -> int:
        """Return the microseconds after which one attempt comes back, rounded up."""
        return -(-self.period * _MICROSECONDS // self.attempts)

    def tolerance(self) -> int:
        """Return the microseconds by which ``full_at`` may lie ahead of an attempt that is allowed."""
        return (self.attempts - 1) * self.interval()

    def max_ahead(self) -> int:
        """Return the microseconds by which ``full_at`` can lie ahead of the current time.

        A later ``full_at`` was stored before a clock was set back. It counts as 0, because the wait could be years.
        """
        return self.attempts * self.interval() + _CLOCK_MARGIN

    def take(self, full_at: int, now: int) -> tuple[int, int]:
        """Return ``(full_at, retry_after)`` after one more attempt at ``now``, in microseconds.

        ``retry_after`` is 0 if the attempt is allowed. Otherwise ``full_at`` is unchanged: a refusal is not charged.
        """
        if full_at > now + self.max_ahead():
            full_at = 0
        retry_after = full_at - now - self.tolerance()
        return (full_at, retry_after) if retry_after > 0 else (max(full_at, now) + self.interval(), 0)

    def give_back(self, full_at: int) -> int:
        """Return ``full_at`` without one of the attempts that were taken."""
        return full_at - self.interval()


def microseconds(seconds: float) -> int:
    """Return a time in whole microseconds. Integers never round, so that no extra attempt gets through."""
    return round(seconds * _MICROSECONDS)


def seconds(microseconds: int) -> float:
    """Return a time in seconds."""
    return microseconds / _MICROSECONDS
