"""Budgets of attempts in Redis or Valkey."""

from ...domain.model.budget import Budget, microseconds, seconds
from .exchange import Exchange
from .keys import budget_key
from .scripts import CLEAR_BUDGET, GIVE_BACK, TAKE


class RedisAttemptBudgets:
    """A string for each budget: when it is whole again, in microseconds since the epoch, at which it expires."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        wait = await self._exchange.run(
            TAKE, [budget_key(key)], microseconds(now), budget.interval(), budget.tolerance(), budget.latest()
        )
        return seconds(int(wait))

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:
        await self._exchange.run(GIVE_BACK, [budget_key(key)], microseconds(now), budget.interval())

    async def clear(self, key: bytes) -> None:
        await self._exchange.run(CLEAR_BUDGET, [budget_key(key)])

    async def forget(self, *, whole_before: float, limit: int) -> int:  # noqa: ARG002  # they expire by themselves
        return 0
