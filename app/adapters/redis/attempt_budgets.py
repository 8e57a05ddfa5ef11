"""Budgets of attempts in Redis or Valkey."""

from collections.abc import Collection, Mapping
from itertools import chain

from ...domain.model.budget import Budget, microseconds, seconds
from .exchange import Exchange
from .keys import budget_key
from .scripts import CLEAR_BUDGETS, GIVE_BACK, TAKE


class RedisAttemptBudgets:
    """A string for each budget: when it is whole again, in microseconds since the epoch, at which it expires."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def take(self, wanted: Mapping[bytes, Budget], *, now: float) -> Mapping[bytes, float]:
        terms = ((budget.interval(), budget.tolerance(), budget.latest()) for budget in wanted.values())
        waits = await self._exchange.run(TAKE, _names(wanted), microseconds(now), *chain.from_iterable(terms))
        return {key: seconds(int(wait)) for key, wait in zip(wanted, waits, strict=True) if int(wait)}

    async def give_back(self, taken: Mapping[bytes, Budget], *, now: float) -> None:
        intervals = (budget.interval() for budget in taken.values())
        await self._exchange.run(GIVE_BACK, _names(taken), microseconds(now), *intervals)

    async def clear(self, keys: Collection[bytes]) -> None:
        await self._exchange.run(CLEAR_BUDGETS, _names(keys))

    async def forget(self, *, whole_before: float, limit: int) -> int:  # noqa: ARG002  # they expire by themselves
        return 0


def _names(keys: Collection[bytes]) -> list[str]:
    return [budget_key(key) for key in keys]
