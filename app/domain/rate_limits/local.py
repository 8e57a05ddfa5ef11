"""Rate limits that one instance enforces by itself, in memory."""

from itertools import islice
from math import ceil
from typing import Final, TypeVar

from ..errors import TooManyAttempts
from .rate_limit import RateLimit, microseconds, seconds

_Key = TypeVar("_Key", bound=str | bytes)

MAX_KEYS: Final = 100_000
"""About 20 MB."""


class LocalRateLimit:
    """Applies one limit to each key separately, such as to each session. Other instances count for themselves."""

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
        """Return one attempt to ``key``."""
        full_at = self._limit.give_back(self._full_at.get(key, 0))
        if full_at > microseconds(now):
            self._full_at[key] = full_at
        else:
            self._full_at.pop(key, None)


def make_room(full_at: dict[_Key, int], *, max_keys: int) -> None:
    """Delete half of ``max_keys`` entries: those that are full soonest. The quarter that was used last stays, so that
    a limit shared by many callers is not lost. ``full_at`` is in the order of use, the last used at the end.
    """
    last_used = islice(reversed(full_at), max(4, max_keys // 4))
    others = sorted(full_at.keys() - last_used, key=full_at.__getitem__)
    for key in others[: max(1, max_keys // 2)]:
        del full_at[key]
