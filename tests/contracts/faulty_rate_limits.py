"""Rate limit repositories with one fault each."""

import asyncio
from collections.abc import Collection, Mapping

from app.domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from app.testing.rate_limits import FakeRateLimitRepository

Limits = Mapping[bytes, RateLimit]
Waits = Mapping[bytes, float]


class RacyRateLimits(FakeRateLimitRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        before = dict(self.full_at)
        waits = await super().take(wanted, now=now)
        after, self.full_at = self.full_at, before
        await asyncio.sleep(0)
        self.full_at.update((key, after[key]) for key in wanted if key in after)
        return waits

    async def give_back(self, taken: Limits, *, now: float) -> None:
        before = dict(self.full_at)
        await asyncio.sleep(0)
        for key, limit in taken.items():
            self.full_at[key] = max(limit.give_back(before.get(key, 0)), microseconds(now))


class TakesOneByOne(FakeRateLimitRepository):
    """``take`` charges one limit after the other, until one refuses."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        for key, limit in wanted.items():
            if waits := await super().take({key: limit}, now=now):
                return waits
        return {}


class UsesFirstKeyOnly(FakeRateLimitRepository):
    """``give_back`` and ``reset`` change only the first limit."""

    async def give_back(self, taken: Limits, *, now: float) -> None:
        first = next(iter(taken))
        await super().give_back({first: taken[first]}, now=now)

    async def reset(self, keys: Collection[bytes]) -> None:
        await super().reset([next(iter(keys))])


class ChargesRefusals(FakeRateLimitRepository):
    """A refused attempt is charged too."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        waits = await super().take(wanted, now=now)
        for key in waits:
            self.full_at[key] += wanted[key].interval
        return waits


class GrowsBeyondFull(FakeRateLimitRepository):
    """Unused attempts are saved, and ``give_back`` lets a limit grow beyond full."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        waits = {}
        for key, limit in wanted.items():
            full_at = self.full_at.setdefault(key, microseconds(now))
            if (wait := full_at - microseconds(now) - limit.tolerance) > 0:
                waits[key] = seconds(wait)
            else:
                self.full_at[key] = full_at + limit.interval
        return waits

    async def give_back(self, taken: Limits, *, now: float) -> None:
        for key, limit in taken.items():
            self.full_at[key] = self.full_at.get(key, microseconds(now)) - limit.interval


class IgnoresKeys(FakeRateLimitRepository):
    """There is one limit for all keys, and ``delete_full`` deletes it in any state."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        waits = await super().take({b"": next(iter(wanted.values()))}, now=now)
        return dict.fromkeys(wanted, waits[b""]) if waits else {}

    async def reset(self, keys: Collection[bytes]) -> None:
        await super().reset([b""])

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        self.full_at.clear()
        return 0


class TrustsFutureTimes(FakeRateLimitRepository):
    """A time from the far future is not ignored when the clock is set back."""

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        moment = microseconds(now)
        waits = {key: self.full_at.get(key, 0) - moment - limit.tolerance for key, limit in wanted.items()}
        refused = {key: seconds(wait) for key, wait in waits.items() if wait > 0}
        return refused or await super().take(wanted, now=now)


class ResetDoesNothing(FakeRateLimitRepository):
    """``reset`` does nothing."""

    async def reset(self, keys: Collection[bytes]) -> None:
        pass


class LocksInGivenOrder(FakeRateLimitRepository):
    """``take`` locks the limits in the order of the call, and fails where that is a deadlock."""

    def __init__(self) -> None:
        super().__init__()
        self._locked: set[bytes] = set()

    async def take(self, wanted: Limits, *, now: float) -> Waits:
        await self._lock(wanted)
        try:
            return await super().take(wanted, now=now)
        finally:
            self._locked -= wanted.keys()

    async def _lock(self, keys: Collection[bytes]) -> None:
        for key in keys:
            for _ in range(50):
                if key not in self._locked:
                    break
                await asyncio.sleep(0)
            else:
                raise AssertionError("a deadlock")
            self._locked.add(key)
            await asyncio.sleep(0)
