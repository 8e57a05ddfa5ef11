"""Budgets of attempts in memory."""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final

from ...domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository

_MOST_KEYS: Final = 100_000
"""About 20 MB."""


class MemoryRateLimitRepository(RateLimitRepository):
    """When each budget is whole again, in one dictionary. No method awaits anything, so each is atomic on the event
    loop. Where ``most`` are kept, half of those gives way that are not among the last used, and would be whole soonest:
    what everyone takes from stays, and what is used up.
    """

    def __init__(self, *, most: int = _MOST_KEYS) -> None:
        self._most = most
        self._due: dict[bytes, int] = {}

    async def take(self, wanted: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        moment = microseconds(now)
        asked = {key: limit.take(self._due.get(key, 0), moment) for key, limit in wanted.items()}
        waits = {key: seconds(wait) for key, (_, wait) in asked.items() if wait}
        if not waits:
            for key, (due, _) in asked.items():
                self._due.pop(key, None)
                self._due[key] = due
            if len(self._due) > self._most:
                self._make_room()
        return waits

    async def give_back(self, taken: Mapping[bytes, RateLimit], *, now: float) -> None:
        for key, limit in taken.items():
            due = limit.give_back(self._due.get(key, 0))
            if due > microseconds(now):
                self._due[key] = due
            else:
                self._due.pop(key, None)

    async def reset(self, keys: Collection[bytes]) -> None:
        for key in keys:
            self._due.pop(key, None)

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        """Look at the ``limit`` that were not looked at for longest."""
        before, kept = microseconds(full_before), len(self._due)
        for key in list(islice(self._due, limit)):
            due = self._due.pop(key)
            if due >= before:
                self._due[key] = due
        return kept - len(self._due)

    def _make_room(self) -> None:
        last_used = islice(reversed(self._due), max(4, self._most // 4))
        others = sorted(self._due.keys() - last_used, key=self._due.__getitem__)
        for key in others[: max(1, self._most // 2)]:
            del self._due[key]
