"""Where the signing keys are stored."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ..domain.keys.stored_key import StoredKey

if TYPE_CHECKING:
    from .key_ring import KeyRing


class KeyStore(Protocol):
    """Stores the signing keys."""

    @property
    def ring(self) -> "KeyRing | None":
        """The key ring that changes the keys; ``None``, which is the default, if they cannot be changed."""
        return None

    async def load(self) -> Sequence[StoredKey]:
        """Return all keys. Each has a ``kid`` of its own. One that cannot be read has a ``fault``.

        Raises ``ConfigurationError`` for keys that cannot be read or are not fit to sign, in a shared store only if it
        is so with all, and ``StoreUnavailable``.
        """
        ...
