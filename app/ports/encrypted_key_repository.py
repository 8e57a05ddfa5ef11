"""The repository of signing keys in a shared store. They are encrypted, so that the store cannot read them."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.keys.stored_key import EncryptedKey


class EncryptedKeyRepository(Protocol):
    """Stores encrypted signing keys. Each method is atomic, and its effect is durable when it returns.

    Every method raises ``StoreUnavailable`` if the store does not answer.
    """

    async def list_keys(self) -> Sequence[EncryptedKey]:
        """Return every key, in any order."""
        ...

    async def add(self, key: EncryptedKey) -> bool:
        """Store a new key, unless a key with its ``kid`` or its ``follows`` exists; return whether this call stored it.

        Of concurrent calls with the same ``kid`` or the same ``follows``, at most one stores its key.
        """
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Set ``activates_at`` if its stored value is ``expected``; return whether this call made the change."""
        ...

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        """Set ``encrypted`` if its stored value is ``expected``; return whether this call made the change."""
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call deleted it."""
        ...
