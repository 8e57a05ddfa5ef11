"""A signing key as a name and its times; the key material stays in the adapters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``kid`` is the RFC 7638 thumbprint. Times are seconds since the epoch: from ``published_at`` on verifiers can
    fetch the key, at ``activates_at`` it starts to sign.
    """

    kid: str
    activates_at: float = 0.0
    published_at: float = 0.0


class KeyState(StrEnum):
    """Where a key is in its life: published and not signing, signing, verifying only, or nothing any more."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    GONE = "gone"


def by_activation(keys: Iterable[SigningKey]) -> list[SigningKey]:
    """Return the keys, the earliest to activate first."""
    return sorted(keys, key=lambda key: (key.activates_at, key.kid))


def active_key(keys: Sequence[SigningKey], now: float) -> SigningKey | None:
    """Return the key that signs at ``now``: of those whose time has come, the one that came last."""
    started = [key for key in by_activation(keys) if key.activates_at <= now]
    return started[-1] if started else None


def successor(key: SigningKey, keys: Sequence[SigningKey]) -> SigningKey | None:
    """Return the key that activates next after ``key``."""
    ordered = by_activation(keys)
    later = ordered[ordered.index(key) + 1 :]
    return later[0] if later else None
