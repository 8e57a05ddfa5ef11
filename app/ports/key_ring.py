"""Signing keys that can be changed."""

from typing import Protocol

from ..domain.keys.stored_key import StoredKey
from .key_store import KeyStore


class KeyRing(KeyStore, Protocol):
    """A key store whose keys can be changed, by several instances at once.

    Each method is one atomic act, and its effect is durable when it returns. It raises ``ConfigurationError`` where the
    keys cannot be written, and ``StoreUnavailable``.
    """

    @property
    def ring(self) -> "KeyRing":
        """The key ring itself."""
        return self

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        """Store a new key if ``follows`` is the ``kid`` of the key that activates last. ``None`` stands for no key.

        Return whether this call stored it. Of concurrent calls with one ``follows`` at most one does.
        """
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Change the activation time of a key from ``expected`` to ``activates_at`` (seconds since the epoch).

        Return whether this call did; it does not if the time is another than ``expected``. The caller keeps the order
        of the keys as it is.
        """
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call did."""
        ...
