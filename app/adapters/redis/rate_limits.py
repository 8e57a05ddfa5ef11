"""Budgets of attempts in Redis or Valkey."""

from collections.abc import Collection, Mapping
from itertools import chain

from ...domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository
from .exchange import Exchange
from .key_names import limit_key
from .scripts import CLEAR_BUDGETS, GIVE_BACK, TAKE


class RedisRateLimitRepository(RateLimitRepository):
    """A string for each budget: when it is whole again, in microseconds since the epoch, at which it expires."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        terms = ((limit.interval(), limit.tolerance(), limit.max_ahead()) for limit in limits.values())
        waits = await self._exchange.run(TAKE, _names(limits), microseconds(now), *chain.from_iterable(terms))
        return {key: seconds(int(wait)) for key, wait in zip(limits, waits, strict=True) if int(wait)}

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        intervals = (limit.interval() for limit in limits.values())
        await self._exchange.run(GIVE_BACK, _names(limits), microseconds(now), *intervals)

    async def reset(self, keys: Collection[bytes]) -> None:
        await self._exchange.run(CLEAR_BUDGETS, _names(keys))

    async def delete_full(self, *, full_before: float, limit: int) -> int:  # noqa: ARG002  # they expire by themselves
        return 0


def _names(keys: Collection[bytes]) -> list[str]:
    return [limit_key(key) for key in keys]
