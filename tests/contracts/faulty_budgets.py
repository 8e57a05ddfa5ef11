"""Budgets of attempts that are wrong in one way each, to show that the kit notices."""

import asyncio
from collections.abc import Collection, Mapping

from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.domain.rate_limits.rate_limit import RateLimit, microseconds, seconds

Limits = Mapping[bytes, RateLimit]
Waits = Mapping[bytes, float]


class Racy(MemoryRateLimitRepository):
    """Gets, waits, and then updates."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        before = dict(self._full_at)
        waits = await super().take(limits, now=now)
        after, self._full_at = self._full_at, before
        await asyncio.sleep(0)
        self._full_at.update((key, after[key]) for key in limits if key in after)
        return waits

    async def give_back(self, limits: Limits, *, now: float) -> None:
        before = dict(self._full_at)
        await asyncio.sleep(0)
        for key, limit in limits.items():
            self._full_at[key] = max(limit.give_back(before.get(key, 0)), microseconds(now))


class OneByOne(MemoryRateLimitRepository):
    """Takes from one budget after the other, until one has none."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        for key, limit in limits.items():
            if waits := await super().take({key: limit}, now=now):
                return waits
        return {}


class Stingy(MemoryRateLimitRepository):
    """Gives back and clears the first alone."""

    async def give_back(self, limits: Limits, *, now: float) -> None:
        first = next(iter(limits))
        await super().give_back({first: limits[first]}, now=now)

    async def reset(self, keys: Collection[bytes]) -> None:
        await super().reset([next(iter(keys))])


class Punishing(MemoryRateLimitRepository):
    """Lets what is refused cost something, too."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        waits = await super().take(limits, now=now)
        for key in waits:
            self._full_at[key] += limits[key].interval()
        return waits


class Generous(MemoryRateLimitRepository):
    """Saves up what is not used, and lets gifts make a budget grow."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        waits = {}
        for key, limit in limits.items():
            due = self._full_at.setdefault(key, microseconds(now))
            if (wait := due - microseconds(now) - limit.tolerance()) > 0:
                waits[key] = seconds(wait)
            else:
                self._full_at[key] = due + limit.interval()
        return waits

    async def give_back(self, limits: Limits, *, now: float) -> None:
        for key, limit in limits.items():
            self._full_at[key] = self._full_at.get(key, microseconds(now)) - limit.interval()


class OneForAll(MemoryRateLimitRepository):
    """Has one budget, whatever the key, and forgets it at once."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        waits = await super().take({b"": next(iter(limits.values()))}, now=now)
        return dict.fromkeys(limits, waits[b""]) if waits else {}

    async def reset(self, keys: Collection[bytes]) -> None:
        await super().reset([b""])

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        self._full_at.clear()
        return 0


class Literal(MemoryRateLimitRepository):
    """Believes every time."""

    async def take(self, limits: Limits, *, now: float) -> Waits:
        moment = microseconds(now)
        waits = {key: self._full_at.get(key, 0) - moment - limit.tolerance() for key, limit in limits.items()}
        late = {key: seconds(wait) for key, wait in waits.items() if wait > 0}
        return late or await super().take(limits, now=now)


class Unforgiving(MemoryRateLimitRepository):
    """Clears nothing."""

    async def reset(self, keys: Collection[bytes]) -> None:
        pass


class Deadlocked(MemoryRateLimitRepository):
    """Locks each budget in the order in which it is named, and gives up where that cannot end."""

    def __init__(self) -> None:
        super().__init__()
        self._locked: set[bytes] = set()

    async def take(self, limits: Limits, *, now: float) -> Waits:
        await self._lock(limits)
        try:
            return await super().take(limits, now=now)
        finally:
            self._locked -= limits.keys()

    async def _lock(self, limits: Collection[bytes]) -> None:
        for key in limits:
            for _ in range(50):
                if key not in self._locked:
                    break
                await asyncio.sleep(0)
            else:
                raise AssertionError("a deadlock")
            self._locked.add(key)
            await asyncio.sleep(0)
