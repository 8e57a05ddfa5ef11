"""Budgets of attempts in memory."""

from collections.abc import Collection, Mapping
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

    async def take(self, wanted: Mapping[bytes, Budget], *, now: float) -> Mapping[bytes, float]:
        moment = microseconds(now)
        asked = {key: budget.take(self._due.get(key, 0), moment) for key, budget in wanted.items()}
        waits = {key: seconds(wait) for key, (_, wait) in asked.items() if wait}
        if not waits:
            self._due.update((key, due) for key, (due, _) in asked.items())
            if len(self._due) > self._most:
                self._make_room(wanted)
        return waits

    async def give_back(self, taken: Mapping[bytes, Budget], *, now: float) -> None:
        for key, budget in taken.items():
            due = budget.give_back(self._due.get(key, 0))
            if due > microseconds(now):
                self._due[key] = due
            else:
                self._due.pop(key, None)

    async def clear(self, keys: Collection[bytes]) -> None:
        for key in keys:
            self._due.pop(key, None)

    async def forget(self, *, whole_before: float, limit: int) -> int:
        """Look at the ``limit`` that were not looked at for longest."""
        before, kept = microseconds(whole_before), len(self._due)
        for key in list(islice(self._due, limit)):
            due = self._due.pop(key)
            if due >= before:
                self._due[key] = due
        return kept - len(self._due)

    def _make_room(self, in_use: Collection[bytes]) -> None:
        """Spare those that are in use just now: everyone's together must never give way to one of them."""
        others = sorted(self._due.keys() - in_use, key=self._due.__getitem__)
        for key in others[: max(1, self._most // 2)]:
            del self._due[key]
