"""Budgets of attempts in memory."""

from itertools import islice
from typing import Final

from ...domain.model.budget import Budget, microseconds, seconds

_MOST_KEYS: Final = 100_000
"""About 20 MB."""


class MemoryAttemptBudgets:
    """When each budget is whole again, in one dictionary. No method awaits anything, so each is atomic on the event
    loop. Where ``most`` are kept, the half that would be whole soonest gives way: it has been used least.
    """

    def __init__(self, *, most: int = _MOST_KEYS) -> None:
        self._most = most
        self._due: dict[bytes, int] = {}

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        if key not in self._due and len(self._due) >= self._most:
            self._make_room()
        due, wait = budget.take(self._due.get(key, 0), microseconds(now))
        if not wait:
            self._due[key] = due
        return seconds(wait)

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:
        due = budget.give_back(self._due.get(key, 0))
        if due > microseconds(now):
            self._due[key] = due
        else:
            self._due.pop(key, None)

    async def clear(self, key: bytes) -> None:
        self._due.pop(key, None)

    async def forget(self, *, whole_before: float, limit: int) -> int:
        """Look at the ``limit`` that were not looked at for longest."""
        before, kept = microseconds(whole_before), len(self._due)
        for key in list(islice(self._due, limit)):
            due = self._due.pop(key)
            if due >= before:
                self._due[key] = due
        return kept - len(self._due)

    def _make_room(self) -> None:
        soonest = sorted(self._due, key=self._due.__getitem__)[: max(1, self._most // 2)]
        for key in soonest:
            del self._due[key]
