"""Signing keys: their ids, their times and their states. The key material is in ``StoredKey``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ALWAYS: Final = 0.0
"""The time from which the first key of a ring signs: it has no predecessor, so it need not wait."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The id and the times of a signing key.

    ``kid`` is the thumbprint of RFC 7638. Verifiers can fetch the key from ``published_at`` on; it signs from
    ``activates_at`` on. Both are seconds since the epoch.
    """

    kid: str
    activates_at: float = 0.0
    published_at: float = 0.0

    def began_at(self) -> float:
        """Return when the key begins to sign: a key that signs from always begins when it is published."""
        return max(self.activates_at, self.published_at)


class KeyState(StrEnum):
    """Whether a key is published only, signs, verifies older tokens only, or is not needed any more."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRING = "retiring"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key in a list of all keys. It is not needed from ``gone_at`` on (seconds since the epoch), which is not known
    as long as it has no successor.
    """

    key: SigningKey
    state: KeyState
    gone_at: float | None


def by_activation(keys: Iterable[SigningKey]) -> list[SigningKey]:
    """Return the keys in the order in which they activate."""
    return sorted(keys, key=lambda key: (key.activates_at, key.kid))


def active_key(keys: Sequence[SigningKey], now: float) -> SigningKey | None:
    """Return the key that signs at ``now``: the one that activated last. Return ``None`` if none has activated yet."""
    started = [key for key in by_activation(keys) if key.activates_at <= now]
    return started[-1] if started else None


def successor(key: SigningKey, keys: Sequence[SigningKey]) -> SigningKey | None:
    """Return the key that activates next after ``key``."""
    ordered = by_activation(keys)
    later = ordered[ordered.index(key) + 1 :]
    return later[0] if later else None
