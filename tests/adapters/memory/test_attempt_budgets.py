"""Budgets of attempts in memory: the kit, and the bound."""

from collections.abc import Sequence

from app.adapters.memory.attempt_budgets import MemoryAttemptBudgets
from app.contracts.attempt_budgets import NOW, THREE, AttemptBudgetsContract, key, take
from app.domain.model.budget import Budget
from app.ports.attempt_budgets import AttemptBudgets


class TestMemoryAttemptBudgets(AttemptBudgetsContract):
    """The in-memory budgets pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[AttemptBudgets]:
        return [MemoryAttemptBudgets()] * n


async def test_they_are_bounded_and_what_was_used_most_stays() -> None:
    """Whoever comes under ever new keys makes nobody forget a budget that is used up."""
    budgets = MemoryAttemptBudgets(most=20)
    for _ in range(3):
        await take(budgets, key("used"))
    for number in range(500):
        await take(budgets, key(number))
    assert len(budgets._due) <= 20
    assert await take(budgets, key("used")) == 30


async def test_what_is_in_use_gives_no_way() -> None:
    """A budget that each attempt is taken from, with ever new ones, counts them all, however little it has lost."""
    budgets, everyone = MemoryAttemptBudgets(most=20), Budget(attempts=100_000, period=1_000)
    for number in range(500):
        assert await budgets.take({key(number): THREE, key("everyone"): everyone}, now=NOW) == {}
    assert len(budgets._due) <= 20
    assert await budgets.take({key("everyone"): Budget(attempts=500, period=5)}, now=NOW)


async def test_what_is_whole_is_deleted() -> None:
    """A sweep deletes up to its limit."""
    budgets = MemoryAttemptBudgets()
    for number in range(5):
        await take(budgets, key(number))
    assert [await budgets.forget(whole_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
