"""Rate limits in Redis or Valkey."""

from collections.abc import Collection, Mapping
from itertools import chain

from ...domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository
from . import redis_keys
from .commands import RedisCommands
from .script import GIVE_BACK_ATTEMPT, RESET_RATE_LIMITS, TAKE_ATTEMPT


class RedisRateLimitRepository(RateLimitRepository):
    """Keeps for each limit when it is full, in microseconds since the epoch. The entry expires at that time."""

    def __init__(self, commands: RedisCommands) -> None:
        self._commands = commands

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        terms = ((limit.interval, limit.tolerance, limit.max_ahead) for limit in limits.values())
        waits = await self._commands.run_script(
            TAKE_ATTEMPT, _redis_keys(limits), microseconds(now), *chain.from_iterable(terms)
        )
        return {key: seconds(int(wait)) for key, wait in zip(limits, waits, strict=True) if int(wait)}

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        intervals = (limit.interval for limit in limits.values())
        await self._commands.run_script(GIVE_BACK_ATTEMPT, _redis_keys(limits), microseconds(now), *intervals)

    async def reset(self, keys: Collection[bytes]) -> None:
        await self._commands.run_script(RESET_RATE_LIMITS, _redis_keys(keys))

    async def delete_full(self, *, full_before: float, limit: int) -> int:  # noqa: ARG002  # entries expire by themselves
        return 0


def _redis_keys(keys: Collection[bytes]) -> list[str]:
    return [redis_keys.rate_limit(key) for key in keys]
