"""Signing keys that can be changed."""

from typing import Protocol

from ..domain.keys.stored_key import StoredKey
from .key_store import KeyStore


class KeyRing(KeyStore, Protocol):
    """A key store whose keys can be changed, by several instances at once. Each method is one atomic act, durable when
    it returns, and raises ``ConfigurationError`` where the ring cannot be written, and ``StoreUnavailable``.
    """

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        """Keep a new key if ``follows`` is the ``kid`` of the last key to activate, or ``None`` and there is no key.

        Returns whether this call kept it: of any number of concurrent calls with one ``follows``, at most one does.
        """
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Let a key activate at another time, if ``expected`` is its time so far; return whether this call did that.
        The order of the keys must stay.
        """
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call did."""
        ...
