"""How often something may still be tried."""

from collections.abc import Collection, Mapping
from typing import Protocol

from ..domain.rate_limits.rate_limit import RateLimit


class RateLimitRepository(Protocol):
    """Keeps what is left of budgets, each under a key of 32 bytes. Every instance that shares the store shares them.

    Each method is one act, and raises ``StoreUnavailable`` when the store does not answer. ``now`` is in seconds since
    the epoch. What is kept need not outlive the store's own start, and a budget that is whole need not be kept.
    """

    async def take(self, wanted: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        """Take one attempt from each budget and return nothing; or, where one has none, take from none, and return for
        how many seconds each that is used up has none.

        Of any number of concurrent calls at one ``now`` as many take from a budget as it had attempts; fewer only where
        a call that is refused by another budget holds an attempt for a moment.
        """
        ...

    async def give_back(self, taken: Mapping[bytes, RateLimit], *, now: float) -> None:
        """Give back one attempt that was taken from each; a budget is never more than whole. After ``clear`` it is one
        attempt of whoever took since.
        """
        ...

    async def reset(self, keys: Collection[bytes]) -> None:
        """Make the budgets whole again."""
        ...

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        """Delete at most ``limit`` budgets that were whole before that moment, where the store does not do so by
        itself; return how many.
        """
        ...
