"""An attempt to sign in, as what limits it sees it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from ..network import network_of
from .policy import RateLimitPolicy
from .rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in.

    ``limits`` are the rate limits that it is charged to, each under its key. ``account_keys`` are the keys of the
    limits that are reset when it succeeds.
    """

    limits: Mapping[bytes, RateLimit]
    account_keys: Collection[bytes]

    def shared(self) -> Mapping[bytes, RateLimit]:
        """Return the budgets that are not the account's own."""
        return {key: limit for key, limit in self.limits.items() if key not in self.account_keys}


def of_stranger(username: str, address: str, policy: RateLimitPolicy) -> Attempt:
    """Return an attempt from a device that is not known."""
    network = network_of(address)
    account, both = limit_key("account", username), limit_key("account and network", username, network)
    rate_limits = {
        account: policy.account,
        both: policy.account_and_network,
        limit_key("network", network): policy.network,
        limit_key("everyone"): policy.everyone,
    }
    return Attempt(rate_limits, account_keys=(account, both))


def of_device(username: str, device: bytes, policy: RateLimitPolicy) -> Attempt:
    """Return an attempt from a device that is known: no stranger can use up its budget."""
    own = limit_key("device", username, device.hex())
    return Attempt({own: policy.device}, account_keys=(limit_key("account", username), own))


def limit_key(*parts: str) -> bytes:
    """Return a key that tells nothing; the parts cannot run into each other."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
