"""Rate limits: the arithmetic of GCRA, the generic cell rate algorithm of ITU-T I.371, and limits of one instance."""

from dataclasses import dataclass, field
from itertools import islice
from math import ceil
from typing import Final, TypeVar

from ..errors import TooManyAttempts

_Key = TypeVar("_Key", bound=str | bytes)

MAX_KEYS: Final = 100_000
"""About 20 MB."""

_MICROSECONDS: Final = 1_000_000
_CLOCK_MARGIN: Final = 60 * _MICROSECONDS
"""The clocks of two instances differ by less."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit of ``attempts`` in ``period`` seconds. All of them may be taken at once. Then one attempt comes back
    after each ``interval`` (microseconds, rounded up).

    The state of a limit is one number: ``full_at``, the time at which all attempts are available again, in microseconds
    since the epoch. A limit that was never used is full at 0. An attempt is allowed if ``full_at`` is at most
    ``tolerance`` microseconds after now. A ``full_at`` more than ``max_ahead`` microseconds after now was stored before
    a clock was set back. It then counts as 0, because the wait could be years.
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
    """Return a time in microseconds, rounded to an integer, because sums of integers are exact."""
    return round(seconds * _MICROSECONDS)


def seconds(microseconds: int) -> float:
    """Return a time in seconds."""
    return microseconds / _MICROSECONDS


class LocalRateLimit:
    """Applies one limit to each key separately, such as to each session. Each instance counts for itself."""

    def __init__(self, limit: RateLimit, *, max_keys: int = MAX_KEYS) -> None:
        self._limit = limit
        self._max_keys = max_keys
        self._full_at: dict[str | bytes, int] = {}

    def take(self, key: str | bytes, now: float) -> None:
        """Charge one attempt to ``key`` at ``now`` (seconds since the epoch).

        Raises ``TooManyAttempts`` if none is left; the refused attempt is not charged.
        """
        full_at, retry_after = self._limit.take(self._full_at.get(key, 0), microseconds(now))
        if retry_after:
            raise TooManyAttempts(retry_after=ceil(seconds(retry_after)))
        self._full_at.pop(key, None)
        self._full_at[key] = full_at
        if len(self._full_at) > self._max_keys:
            make_room(self._full_at, max_keys=self._max_keys)

    def give_back(self, key: str | bytes, now: float) -> None:
        """Give one attempt back to ``key`` at ``now`` (seconds since the epoch)."""
        full_at = self._limit.give_back(self._full_at.get(key, 0))
        if full_at > microseconds(now):
            self._full_at[key] = full_at
        else:
            self._full_at.pop(key, None)


def make_room(full_at: dict[_Key, int], *, max_keys: int) -> None:
    """Delete the entries that are full soonest: half of ``max_keys``. The quarter that was used last stays, so that a
    limit that many callers share is not lost. ``full_at`` is in the order of use: the entry that was used last is last.
    """
    last_used = islice(reversed(full_at), max(4, max_keys // 4))
    others = sorted(full_at.keys() - last_used, key=full_at.__getitem__)
    for key in others[: max(1, max_keys // 2)]:
        del full_at[key]
