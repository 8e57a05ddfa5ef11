"""Rate limiting of sign-ins, before anything costly is done."""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Final

from ...ports.clock import Clock
from ...ports.rate_limit_repository import RateLimitRepository
from ..errors import TooManyAttempts
from .policy import Attempt
from .rate_limit import RateLimit

_MEMORY_SECONDS: Final = 1.0
"""A sign-in on another instance resets limits. This instance notices that after a second at the latest."""

_MAX_KEYS: Final = 10_000
"""About 2 MB."""


class RateLimiter:
    """Charges attempts to sign in to the limits that all instances share. It remembers refusals for a short time, which
    spares the store in a flood.
    """

    def __init__(self, *, rate_limits: RateLimitRepository, clock: Clock) -> None:
        self._rate_limits = rate_limits
        self._clock = clock
        self._recent_refusals = RecentRefusals(clock)

    def check_recent_refusals(self, attempt: Attempt) -> None:
        """Raise ``TooManyAttempts`` if one of its limits was used up a moment ago. This does not query the store."""
        if retry_after := self._recent_refusals.retry_after(attempt.limits):
            raise TooManyAttempts(retry_after=ceil(retry_after))

    async def take(self, attempt: Attempt) -> None:
        """Charge ``attempt`` to all its limits, or to none if one is used up.

        Raises ``TooManyAttempts`` if a limit is used up, and ``StoreUnavailable``.
        """
        refused = await self._rate_limits.take(attempt.limits, now=self._clock.now())
        if refused:
            self._recent_refusals.add(refused)
            raise TooManyAttempts(retry_after=ceil(max(refused.values())))

    async def succeeded(self, attempt: Attempt) -> None:
        """Reset the account's limits, and give the attempt back to the limits that many people share, so that people
        behind one address do not lock one another out. Raises ``StoreUnavailable``.
        """
        await self._rate_limits.reset(attempt.reset_on_success)
        self._recent_refusals.remove(attempt.reset_on_success)
        await self.give_back(attempt.returned_on_success)

    async def give_back(self, limits: Mapping[bytes, RateLimit]) -> None:
        """Give one attempt back to each of ``limits``; raises ``StoreUnavailable``."""
        if limits:
            await self._rate_limits.give_back(limits, now=self._clock.now())
            self._recent_refusals.remove(limits)


class RecentRefusals:
    """Remembers for a second which limits were used up, and until when; at most the last 10,000 limits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused: dict[bytes, tuple[float, float]] = {}

    def add(self, refused: Mapping[bytes, float]) -> None:
        """Remember refusals. ``refused`` maps the key of a limit to the seconds until it has an attempt again."""
        now = self._clock.now()
        for key, retry_after in refused.items():
            self._refused.pop(key, None)
            self._refused[key] = (now, now + retry_after)
        while len(self._refused) > _MAX_KEYS:
            del self._refused[next(iter(self._refused))]

    def retry_after(self, keys: Iterable[bytes]) -> float:
        """Return for how many seconds the longest of these limits is used up; 0 if none is remembered."""
        now, longest = self._clock.now(), 0.0
        for key in keys:
            refused_at, until = self._refused.get(key, (0.0, 0.0))
            if refused_at <= now < min(until, refused_at + _MEMORY_SECONDS):
                longest = max(longest, until - now)
        return longest

    def remove(self, keys: Iterable[bytes]) -> None:
        """Forget these limits, because they have attempts again."""
        for key in keys:
            self._refused.pop(key, None)
