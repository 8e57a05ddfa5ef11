"""How often something may still be tried."""

from typing import Protocol

from ..domain.model.budget import Budget


class AttemptBudgets(Protocol):
    """Keeps what is left of budgets, each under a key of 32 bytes. Every instance that shares the store shares them.

    Each method is one atomic act, and raises ``StoreUnavailable`` when the store does not answer. ``now`` is in seconds
    since the epoch. What is kept need not outlive the store's own start, and a budget that is whole need not be kept.
    """

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        """Take one attempt; return 0 if there was one, and otherwise for how many seconds there is none.

        Of any number of concurrent calls at one ``now`` as many get 0 as there were attempts.
        """
        ...

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:
        """Give back one attempt that was taken; a budget is never more than whole."""
        ...

    async def clear(self, key: bytes) -> None:
        """Make the budget whole again."""
        ...

    async def forget(self, *, whole_before: float, limit: int) -> int:
        """Delete at most ``limit`` budgets that were whole before that moment, where the store does not do so by
        itself; return how many.
        """
        ...
