"""Rate limits in a dictionary."""

from collections.abc import Collection, Mapping
from itertools import islice

from ..domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ..ports.rate_limit_repository import RateLimitRepository


class FakeRateLimitRepository(RateLimitRepository):
    """A dictionary: when the rate limit of each key is full again, in microseconds since the epoch.

    No method awaits, so each is atomic on the event loop.
    """

    def __init__(self) -> None:
        self.full_at: dict[bytes, int] = {}

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        results = {key: limit.take(self.full_at.get(key, 0), microseconds(now)) for key, limit in limits.items()}
        refused = {key: seconds(wait) for key, (_, wait) in results.items() if wait}
        if not refused:
            self.full_at.update({key: full_at for key, (full_at, _) in results.items()})
        return refused

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        for key, limit in limits.items():
            self.full_at[key] = max(limit.give_back(self.full_at.get(key, 0)), microseconds(now))

    async def reset(self, keys: Collection[bytes]) -> None:
        for key in keys:
            self.full_at.pop(key, None)

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        full = (key for key, full_at in self.full_at.items() if full_at < microseconds(full_before))
        chosen = list(islice(full, limit))
        await self.reset(chosen)
        return len(chosen)
