"""The state of rate limits that all instances share."""

from collections.abc import Collection, Mapping
from typing import Protocol

from ..domain.rate_limits.rate_limit import RateLimit


class RateLimitRepository(Protocol):
    """Stores for each key (32 bytes) how much of its limit is used.

    Each method is atomic, and raises ``StoreUnavailable`` if the store does not answer. ``now`` is in seconds since the
    epoch. A limit that is full need not be stored. A restart of the store may make all limits full.
    """

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        """Charge one attempt to every limit, and return ``{}``. If some limits are used up, charge none, and return the
        seconds until each of these has an attempt again.

        Concurrent calls never exceed a limit. A call that one limit refuses may take an attempt from another limit for
        a moment; other calls may then be refused there.
        """
        ...

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        """Give one attempt back to each limit. A limit that is full stays as it is. A call after ``reset`` gives back
        the attempt of a later caller, if there is one.
        """
        ...

    async def reset(self, keys: Collection[bytes]) -> None:
        """Make the limits full."""
        ...

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        """Delete at most ``limit`` entries that were full before ``full_before`` (seconds since the epoch); return how
        many. A store whose entries expire deletes none here.
        """
        ...
