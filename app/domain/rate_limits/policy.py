"""How often may be tried what attackers try, as the operator sets it."""

from dataclasses import dataclass

from .rate_limit import RateLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitPolicy:
    """The budgets of failed sign-ins, of the refreshes of one session, and of the introspections by one client.

    Strangers have ``account`` for one account altogether, ``account_and_network`` for it from one network, ``network``
    for all accounts from one network, and ``everyone`` together. A device that is known to an account has ``device``.
    """

    account: RateLimit
    device: RateLimit
    account_and_network: RateLimit
    network: RateLimit
    everyone: RateLimit
    refresh: RateLimit
    introspection: RateLimit
