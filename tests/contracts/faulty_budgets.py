"""Budgets of attempts that are wrong in one way each, to show that the kit notices."""

import asyncio

from app.adapters.memory.attempt_budgets import MemoryAttemptBudgets
from app.domain.model.budget import Budget, microseconds, seconds


class Racy(MemoryAttemptBudgets):
    """Gets, waits, and then updates."""

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        due, wait = budget.take(self._due.get(key, 0), microseconds(now))
        await asyncio.sleep(0)
        if not wait:
            self._due[key] = due
        return seconds(wait)

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:
        due = self._due.get(key, 0)
        await asyncio.sleep(0)
        self._due[key] = max(budget.give_back(due), microseconds(now))


class Punishing(MemoryAttemptBudgets):
    """Lets what is refused cost something, too."""

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        wait = await super().take(key, budget, now=now)
        if wait:
            self._due[key] += budget.interval()
        return wait


class Generous(MemoryAttemptBudgets):
    """Saves up what is not used, and lets gifts make a budget grow."""

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        self._due.setdefault(key, microseconds(now))
        due = self._due[key]
        wait = due - microseconds(now) - budget.tolerance()
        if wait <= 0:
            self._due[key] = due + budget.interval()
        return seconds(max(0, wait))

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:
        self._due[key] = self._due.get(key, microseconds(now)) - budget.interval()


class OneForAll(MemoryAttemptBudgets):
    """Has one budget, whatever the key, and forgets it at once."""

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:  # the fault
        return await super().take(b"", budget, now=now)

    async def clear(self, key: bytes) -> None:  # the fault
        await super().clear(b"")

    async def forget(self, *, whole_before: float, limit: int) -> int:  # the fault
        self._due.clear()
        return 0


class Literal(MemoryAttemptBudgets):
    """Believes every time."""

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        wait = self._due.get(key, 0) - microseconds(now) - budget.tolerance()
        return seconds(wait) if wait > 0 else await super().take(key, budget, now=now)


class Unforgiving(MemoryAttemptBudgets):
    """Clears nothing."""

    async def clear(self, key: bytes) -> None:
        pass
