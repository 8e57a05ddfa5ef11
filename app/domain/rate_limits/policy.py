"""Which rate limits there are, and which of them a login is charged to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from .rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in.

    ``limits`` are the rate limits that it is charged to, each under its key. ``account_keys`` are the keys of the
    limits that are reset when it succeeds.
    """

    limits: Mapping[bytes, RateLimit]
    account_keys: Collection[bytes]

    def shared_limits(self) -> Mapping[bytes, RateLimit]:
        """Return the limits that are not reset by a success: other accounts are charged to them too."""
        return {key: limit for key, limit in self.limits.items() if key not in self.account_keys}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitPolicy:
    """The rate limits that the operator sets.

    Failed logins from unknown devices: ``account`` for one username, ``account_and_network`` for one username from one
    network, ``network`` for all usernames from one network, ``everyone`` for all together. Failed logins from one
    known device: ``device``. ``refresh`` is for one session, ``introspection`` for one client.
    """

    account: RateLimit
    device: RateLimit
    account_and_network: RateLimit
    network: RateLimit
    everyone: RateLimit
    refresh: RateLimit
    introspection: RateLimit

    def attempt_from_unknown_device(self, username: str, network: str) -> Attempt:
        """Return an attempt to log in as ``username``. It is the same whether or not there is such a user."""
        account, account_and_network = _key("account", username), _key("account and network", username, network)
        limits = {
            account: self.account,
            account_and_network: self.account_and_network,
            _key("network", network): self.network,
            _key("everyone"): self.everyone,
        }
        return Attempt(limits, account_keys=(account, account_and_network))

    def attempt_from_known_device(self, username: str, device_id: bytes) -> Attempt:
        """Return an attempt that is charged to the device alone, so that nobody else can lock its owner out."""
        device = _key("device", username, device_id.hex())
        return Attempt({device: self.device}, account_keys=(_key("account", username), device))


def _key(*parts: str) -> bytes:
    """Return a key from which nobody can read ``parts``. Different parts have different keys."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
