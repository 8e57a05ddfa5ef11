"""How often may be tried what attackers try, as the operator sets it."""

from dataclasses import dataclass

from .budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottlePolicy:
    """The budgets of failed sign-ins, of the refreshes of one session, and of the introspections by one client.

    Strangers have ``account`` for one account altogether, ``account_and_network`` for it from one network, ``network``
    for all accounts from one network, and ``everyone`` together. A device that is known to an account has ``device``.
    """

    account: Budget
    device: Budget
    account_and_network: Budget
    network: Budget
    everyone: Budget
    refresh: Budget
    introspection: Budget
