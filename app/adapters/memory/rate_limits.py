"""Rate limits in memory."""

from collections.abc import Collection, Mapping
from itertools import islice

from ...domain.rate_limits.rate_limit import MAX_KEYS, RateLimit, make_room, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository


class MemoryRateLimitRepository(RateLimitRepository):
    """Keeps in one dictionary when each limit is full, in the order of use. No method awaits anything, so each is
    atomic on the event loop.
    """

    def __init__(self, *, max_keys: int = MAX_KEYS) -> None:
        self._max_keys = max_keys
        self._full_at: dict[bytes, int] = {}

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        moment = microseconds(now)
        taken = {key: limit.take(self._full_at.get(key, 0), moment) for key, limit in limits.items()}
        refused = {key: seconds(retry_after) for key, (_, retry_after) in taken.items() if retry_after}
        if not refused:
            for key, (full_at, _) in taken.items():
                self._full_at.pop(key, None)
                self._full_at[key] = full_at
            if len(self._full_at) > self._max_keys:
                make_room(self._full_at, max_keys=self._max_keys)
        return refused

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        for key, limit in limits.items():
            full_at = limit.give_back(self._full_at.get(key, 0))
            if full_at > microseconds(now):
                self._full_at[key] = full_at
            else:
                self._full_at.pop(key, None)

    async def reset(self, keys: Collection[bytes]) -> None:
        for key in keys:
            self._full_at.pop(key, None)

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        """Check at most ``limit`` entries, and move those that stay to the end, so that the next call checks others."""
        before, count = microseconds(full_before), len(self._full_at)
        for key in list(islice(self._full_at, limit)):
            full_at = self._full_at.pop(key)
            if full_at >= before:
                self._full_at[key] = full_at
        return count - len(self._full_at)
