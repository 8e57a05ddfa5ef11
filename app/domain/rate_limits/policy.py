"""The rate limits of sign-ins, and which of them a sign-in is charged to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256

from .rate_limit import RateLimit


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in.

    It is charged to ``limits``, each under its key. ``reset_on_success`` are the keys of the limits that become full if
    the attempt succeeds: those of the account alone. ``returned_on_success`` are the limits that get the attempt back.
    """

    limits: Mapping[bytes, RateLimit]
    reset_on_success: Collection[bytes]
    returned_on_success: Mapping[bytes, RateLimit]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitPolicy:
    """The rate limits of sign-ins, as the operator sets them.

    Failed sign-ins from unknown devices: ``account`` for one username, ``account_and_network`` for one username and
    network, ``network`` for all usernames from one network, ``everyone`` for all together. Failed sign-ins from one
    known device: ``device``.
    """

    account: RateLimit
    device: RateLimit
    account_and_network: RateLimit
    network: RateLimit
    everyone: RateLimit

    def attempt_from_unknown_device(self, username: str, network: str) -> Attempt:
        """Return an attempt to sign in as ``username``. It does not depend on whether a user has this name."""
        account = {
            _key("account", username): self.account,
            _key("account and network", username, network): self.account_and_network,
        }
        shared = {_key("network", network): self.network, _key("everyone"): self.everyone}
        return Attempt(account | shared, reset_on_success=account.keys(), returned_on_success=shared)

    def attempt_from_known_device(self, username: str, device_id: bytes) -> Attempt:
        """Return an attempt that is charged to the device alone, so that other devices cannot lock its owner out."""
        device = _key("device", username, device_id.hex())
        return Attempt(
            {device: self.device}, reset_on_success=(_key("account", username), device), returned_on_success={}
        )


def _key(*parts: str) -> bytes:
    """Return a key of 32 bytes. It does not show ``parts``, and it differs for different parts."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()
