"""Throttling: how often something may be tried, judged before anything costly is done."""

from collections.abc import Mapping
from math import ceil
from typing import Final

from ...ports.clock import Clock
from ...ports.rate_limit_repository import RateLimitRepository
from ..errors import TooManyAttempts
from ..identifiers import ClientId, SessionId
from ..network import network_of
from .attempt import Attempt, limit_key
from .policy import RateLimitPolicy
from .rate_limit import RateLimit
from .recent_refusals import RecentRefusals

_FALSE_CLAIMS: Final = RateLimit(20, 600)
"""Device tokens of one network that turn out to be worth nothing."""


class RateLimiter:
    """Takes attempts from budgets. Accounts are told apart by the name that was given: one that nobody has is
    throttled as one that somebody has. ``rate_limits`` are those of all instances, ``own`` those of this one.
    """

    def __init__(
        self, *, rate_limits: RateLimitRepository, own: RateLimitRepository, clock: Clock, policy: RateLimitPolicy
    ) -> None:
        self._budgets = rate_limits
        self._own = own
        self._clock = clock
        self._policy = policy
        self._refused = RecentRefusals(clock)

    def check(self, attempt: Attempt) -> None:
        """Raise ``TooManyAttempts`` if one of its budgets was found empty a moment ago. The store is not asked."""
        if wait := self._refused.wait(attempt.limits):
            raise TooManyAttempts(retry_after=ceil(wait))

    async def take(self, attempt: Attempt) -> None:
        """Take an attempt to sign in; raises ``TooManyAttempts``. One that finds a budget empty costs none of them."""
        waits = await self._budgets.take(attempt.limits, now=self._clock.now())
        self._refused.note(waits)
        _check(waits)

    async def succeeded(self, attempt: Attempt) -> None:
        """Make the account's budgets whole: that was no guess. The others get back what this attempt took, so that many
        people behind one address are in nobody's way.
        """
        await self._budgets.reset(attempt.account_keys)
        self._refused.forget(attempt.account_keys)
        await self._give_back(attempt.shared())

    async def came_to_nothing(self, attempt: Attempt) -> None:
        """Give the attempt back: no password was looked at."""
        await self._give_back(attempt.limits)

    async def believes_claims(self, address: str) -> bool:
        """Tell whether few devices were false that a network showed lately, and count this one until it is true. Each
        instance counts for itself.
        """
        return not await self._own.take({_claims_key(address): _FALSE_CLAIMS}, now=self._clock.now())

    async def claim_was_true(self, address: str) -> None:
        """Count it no more."""
        await self._own.give_back({_claims_key(address): _FALSE_CLAIMS}, now=self._clock.now())

    async def admit_refresh(self, session_id: SessionId) -> None:
        """Take a refresh of a session whose token was found good; raises ``TooManyAttempts``. Each instance counts for
        itself: it is its signing that is protected.
        """
        await self._take_own(limit_key("refresh", session_id.hex()), self._policy.refresh)

    async def admit_introspection(self, client_id: ClientId) -> None:
        """Take an introspection by a client that is authenticated; raises and counts as above."""
        await self._take_own(limit_key("introspection", client_id), self._policy.introspection)

    async def _take_own(self, key: bytes, limit: RateLimit) -> None:
        _check(await self._own.take({key: limit}, now=self._clock.now()))

    async def _give_back(self, taken: Mapping[bytes, RateLimit]) -> None:
        if taken:
            await self._budgets.give_back(taken, now=self._clock.now())
            self._refused.forget(taken)


def _claims_key(address: str) -> bytes:
    return limit_key("device claims", network_of(address))


def _check(waits: Mapping[bytes, float]) -> None:
    if waits:
        raise TooManyAttempts(retry_after=ceil(max(waits.values())))
