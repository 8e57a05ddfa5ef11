"""The state of rate limits that all instances share."""

from collections.abc import Collection, Mapping
from typing import Protocol

from ..domain.rate_limits.rate_limit import RateLimit


class RateLimitRepository(Protocol):
    """Keeps for each key of 32 bytes how much of its limit is used.

    Each method is one atomic act, except where its docstring says otherwise, and raises ``StoreUnavailable`` when the
    store does not answer. ``now`` is in seconds since the epoch. A full limit need not be kept, and a restart of the
    store may lose all of them.
    """

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        """Charge one attempt to every limit and return ``{}``. If some limits are used up, charge none; return for each
        of those the seconds until it has an attempt again.

        Concurrent calls never exceed a limit. They may use less of it only while a call that another limit refuses is
        under way.
        """
        ...

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:
        """Return one attempt to each limit. A limit never has more attempts than when it is full. After ``reset`` the
        attempt that is returned is that of a later caller, if there is one.
        """
        ...

    async def reset(self, keys: Collection[bytes]) -> None:
        """Make the limits full."""
        ...

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        """Delete at most ``limit`` entries that were full before ``full_before`` (seconds since the epoch); return how
        many. A store whose entries expire by themselves deletes none.
        """
        ...
