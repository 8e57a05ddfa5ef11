"""A store of signing keys that the service can change."""

from typing import Protocol

from ..domain.keys.stored_key import StoredKey
from .key_store import KeyStore


class KeyRing(KeyStore, Protocol):
    """A key store whose keys can be changed, by several instances at once.

    Each method is atomic, and its effect is durable when it returns. Every method raises ``ConfigurationError`` if the
    keys cannot be written, and ``StoreUnavailable``.
    """

    @property
    def ring(self) -> "KeyRing":
        """The key ring itself."""
        return self

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        """Store a new key if ``follows`` is the ``kid`` of the key that activates last, or ``None`` and there is no
        key.

        Return whether this call stored it. Of concurrent calls with the same ``follows``, at most one stores its key.
        """
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Set the activation time of a key to ``activates_at`` if it is ``expected`` (seconds since the epoch).

        Return whether this call made the change. The caller does not change the order of the keys.
        """
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call deleted it."""
        ...
