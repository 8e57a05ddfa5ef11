"""A signing key as a name and its times; the key material stays in the adapters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``kid`` is the RFC 7638 thumbprint; ``activates_at`` (seconds since the epoch) is when the key starts to sign.

    Before that it is *pending*: published, not signing. It is *active* until the next key activates, and *retiring*
    from then on: it verifies only.
    """

    kid: str
    activates_at: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key with its private half, as PKCS #8 in unencrypted DER."""

    key: SigningKey
    pkcs8: bytes = field(repr=False)


class KeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"


def state(key: SigningKey, keys: Sequence[SigningKey], now: float) -> KeyState:
    """Return the state of ``key`` among ``keys`` at ``now``."""
    if key.activates_at > now:
        return KeyState.PENDING
    return KeyState.ACTIVE if key == active_key(keys, now) else KeyState.RETIRING


def active_key(keys: Sequence[SigningKey], now: float) -> SigningKey | None:
    """Return the key that signs at ``now``: of those whose time has come, the one that came last."""
    started = [key for key in keys if key.activates_at <= now]
    return max(started, key=lambda key: key.activates_at, default=None)
