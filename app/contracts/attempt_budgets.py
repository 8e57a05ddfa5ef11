"""The contract of what keeps budgets of attempts (``app.ports.attempt_budgets``)."""

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from itertools import cycle, islice
from typing import Final

import pytest
import pytest_asyncio

from ..domain.model.budget import Budget
from ..ports.attempt_budgets import AttemptBudgets
from .counts import CONNECTIONS, RACERS, Counts

THREE: Final = Budget(attempts=3, period=90)
"""Half a minute apart."""

NOW: Final = 4_000_000_000.25
"""In the future of every store's own clock, so that none of them expires anything meanwhile."""


def key(*parts: object) -> bytes:
    """Return a key that differs for different parts."""
    return sha256(repr(parts).encode()).digest()


class AttemptBudgetsKit:
    """Gives each test a store of its own; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[AttemptBudgets]:
        """Return ``n`` ways to one store, which is empty."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def budgets(self) -> AttemptBudgets:
        """Return those of a test that needs one way."""
        [budgets] = await self.connections(1)
        return budgets


class BudgetBehaviour(AttemptBudgetsKit):
    """Every sentence of the port holds."""

    async def test_there_are_as_many_as_it_says(self, budgets: AttemptBudgets) -> None:
        """All are there at once; then one has to wait for its share of the period, and refusals cost nothing."""
        assert [await budgets.take(key(1), THREE, now=NOW) for _ in range(5)] == [0, 0, 0, 30, 30]
        assert await budgets.take(key(1), THREE, now=NOW + 29.5) == 0.5
        assert [await budgets.take(key(1), THREE, now=NOW + 30) for _ in range(2)] == [0, 30]

    async def test_all_come_back_and_no_more(self, budgets: AttemptBudgets) -> None:
        """After the period, or long after it, the budget is whole."""
        for later in (0, 90, 100_000):
            taken = [await budgets.take(key(1), THREE, now=NOW + later) for _ in range(4)]
            assert taken == [0, 0, 0, 30]

    async def test_a_clock_that_is_set_back_locks_nobody_out(self, budgets: AttemptBudgets) -> None:
        """What was used in a far future counts no more; a small difference of clocks makes nothing whole."""
        for ahead in (100_000, 30):
            for _ in range(3):
                await budgets.take(key(ahead), THREE, now=NOW + ahead)
        assert [await budgets.take(key(100_000), THREE, now=NOW) for _ in range(4)] == [0, 0, 0, 30]
        assert await budgets.take(key(30), THREE, now=NOW) == 60

    async def test_one_key_is_not_another(self, budgets: AttemptBudgets) -> None:
        """Each key has a budget of its own."""
        for number in range(4):
            assert [await budgets.take(key(number), THREE, now=NOW) for _ in range(4)] == [0, 0, 0, 30]

    async def test_what_is_given_back_can_be_taken(self, budgets: AttemptBudgets) -> None:
        """Once for each time; a whole budget does not grow."""
        await budgets.give_back(key(1), THREE, now=NOW)
        assert [await budgets.take(key(1), THREE, now=NOW) for _ in range(4)] == [0, 0, 0, 30]
        await budgets.give_back(key(1), THREE, now=NOW)
        assert [await budgets.take(key(1), THREE, now=NOW) for _ in range(2)] == [0, 30]
        for _ in range(9):
            await budgets.give_back(key(1), THREE, now=NOW)
        assert [await budgets.take(key(1), THREE, now=NOW) for _ in range(4)] == [0, 0, 0, 30]

    async def test_a_cleared_budget_is_whole(self, budgets: AttemptBudgets) -> None:
        """It, and no other; one that was whole may be cleared too."""
        for number in (1, 2):
            for _ in range(3):
                await budgets.take(key(number), THREE, now=NOW)
        await budgets.clear(key(1))
        await budgets.clear(key(3))
        assert [await budgets.take(key(1), THREE, now=NOW) for _ in range(4)] == [0, 0, 0, 30]
        assert await budgets.take(key(2), THREE, now=NOW) == 30

    async def test_what_is_not_whole_is_not_forgotten(self, budgets: AttemptBudgets) -> None:
        """Forgetting changes no answer, and takes no more than its limit."""
        for number in range(5):
            await budgets.take(key(number), THREE, now=NOW)
        for _ in range(3):
            await budgets.take(key("used"), THREE, now=NOW)
        assert await budgets.forget(whole_before=NOW + 60, limit=2) <= 2
        await budgets.forget(whole_before=NOW + 60, limit=100)
        assert await budgets.forget(whole_before=NOW + 60, limit=100) == 0
        assert await budgets.take(key("used"), THREE, now=NOW) == 30


class BudgetConcurrency(AttemptBudgetsKit):
    """Acts that race, on several connections."""

    @pytest.mark.proof("login")
    async def test_exactly_as_many_as_there_are_get_through(self, proof: Counts) -> None:
        """Of parallel attempts at one budget exactly as many succeed as it has."""
        connections = await self.connections(CONNECTIONS)
        attempts = proof.count("parallel attempts at one budget", small=2 * RACERS, full=500)
        for race in range(proof.count("races for a budget", small=3, full=20)):
            budget = Budget(attempts=5 + race, period=3_600)
            waits = await asyncio.gather(
                *(one.take(key(race), budget, now=NOW) for one in islice(cycle(connections), attempts))
            )
            assert waits.count(0) == 5 + race

    async def test_nothing_given_back_is_lost(self) -> None:
        """Attempts that are given back at once can all be taken again."""
        connections = await self.connections(CONNECTIONS)
        budget = Budget(attempts=RACERS, period=3_600)
        for _ in range(RACERS):
            assert await connections[0].take(key(1), budget, now=NOW) == 0
        await asyncio.gather(*(one.give_back(key(1), budget, now=NOW) for one in islice(cycle(connections), RACERS)))
        waits = [await connections[0].take(key(1), budget, now=NOW) for _ in range(RACERS + 1)]
        assert waits[:-1] == [0] * RACERS
        assert waits[-1] > 0


class AttemptBudgetsContract(BudgetBehaviour, BudgetConcurrency):
    """Every tier."""
