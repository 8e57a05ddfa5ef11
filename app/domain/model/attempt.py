"""An attempt to sign in, as what limits it sees it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from .budget import Budget
from .network import network_of
from .throttle_policy import ThrottlePolicy


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an attempt is taken from: ``budgets``, each under its key. Its success makes ``of_account`` whole, which are
    some of them or others of the account; the rest it shares with other people.
    """

    budgets: Mapping[bytes, Budget]
    of_account: Collection[bytes]

    def shared(self) -> Mapping[bytes, Budget]:
        """Return the budgets that are not the account's own."""
        return {key: budget for key, budget in self.budgets.items() if key not in self.of_account}


def of_stranger(username: str, address: str, policy: ThrottlePolicy) -> Attempt:
    """Return an attempt from a device that is not known."""
    network = network_of(address)
    account, both = budget_key("account", username), budget_key("account and network", username, network)
    budgets = {
        account: policy.account,
        both: policy.account_and_network,
        budget_key("network", network): policy.network,
        budget_key("everyone"): policy.everyone,
    }
    return Attempt(budgets, of_account=(account, both))


def of_device(username: str, device: bytes, policy: ThrottlePolicy) -> Attempt:
    """Return an attempt from a device that is known: no stranger can use up its budget."""
    own = budget_key("device", username, device.hex())
    return Attempt({own: policy.device}, of_account=(budget_key("account", username), own))


def budget_key(*parts: str) -> bytes:
    """Return a key that tells nothing; the parts cannot run into each other."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
