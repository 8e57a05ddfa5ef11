"""Rate limiting of logins, before anything costly is done."""

from collections.abc import Mapping
from math import ceil

from ...ports.clock import Clock
from ...ports.rate_limit_repository import RateLimitRepository
from ..errors import TooManyAttempts
from .policy import Attempt
from .rate_limit import RateLimit
from .recent_refusals import RecentRefusals


class RateLimiter:
    """Charges attempts to log in to the limits that all instances share."""

    def __init__(self, *, rate_limits: RateLimitRepository, clock: Clock) -> None:
        self._rate_limits = rate_limits
        self._clock = clock
        self._recent_refusals = RecentRefusals(clock)

    def check_recent_refusals(self, attempt: Attempt) -> None:
        """Raise ``TooManyAttempts`` if one of its limits was used up a moment ago. The store is not asked."""
        if retry_after := self._recent_refusals.retry_after(attempt.limits):
            raise TooManyAttempts(retry_after=ceil(retry_after))

    async def take(self, attempt: Attempt) -> None:
        """Charge ``attempt`` to all its limits; raises ``TooManyAttempts``, and charges none, if one is used up."""
        refused = await self._rate_limits.take(attempt.limits, now=self._clock.now())
        self._recent_refusals.add(refused)
        if refused:
            raise TooManyAttempts(retry_after=ceil(max(refused.values())))

    async def reset(self, attempt: Attempt) -> None:
        """Reset the account's limits after a success, and give the attempt back to the shared ones: many people behind
        one address do not lock one another out.
        """
        await self._rate_limits.reset(attempt.account_keys)
        self._recent_refusals.remove(attempt.account_keys)
        await self._give_back(attempt.shared_limits())

    async def give_back(self, attempt: Attempt) -> None:
        """Give the attempt back to all its limits, because no password was verified."""
        await self._give_back(attempt.limits)

    async def _give_back(self, limits: Mapping[bytes, RateLimit]) -> None:
        if limits:
            await self._rate_limits.give_back(limits, now=self._clock.now())
            self._recent_refusals.remove(limits)
