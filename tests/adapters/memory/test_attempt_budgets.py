"""Budgets of attempts in memory: the kit, and the bound."""

from collections.abc import Sequence

from app.adapters.memory.attempt_budgets import MemoryAttemptBudgets
from app.contracts.attempt_budgets import NOW, THREE, AttemptBudgetsContract, key
from app.ports.attempt_budgets import AttemptBudgets


class TestMemoryAttemptBudgets(AttemptBudgetsContract):
    """The in-memory budgets pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[AttemptBudgets]:
        return [MemoryAttemptBudgets()] * n


async def test_they_are_bounded_and_what_was_used_most_stays() -> None:
    """Whoever comes under ever new keys makes nobody forget a budget that is used up."""
    budgets = MemoryAttemptBudgets(most=20)
    for _ in range(3):
        await budgets.take(key("used"), THREE, now=NOW)
    for number in range(500):
        await budgets.take(key(number), THREE, now=NOW)
    assert len(budgets._due) <= 20
    assert await budgets.take(key("used"), THREE, now=NOW) == 30


async def test_what_is_whole_is_deleted() -> None:
    """A sweep deletes up to its limit."""
    budgets = MemoryAttemptBudgets()
    for number in range(5):
        await budgets.take(key(number), THREE, now=NOW)
    assert [await budgets.forget(whole_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
