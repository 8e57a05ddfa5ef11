"""Signing keys in a shared store. They are encrypted, so that the store cannot read them."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.keys.encrypted_key import EncryptedKey


class EncryptedKeyRepository(Protocol):
    """Stores encrypted signing keys. Each method is one atomic act, and its effect is durable when it returns. Each
    raises ``StoreUnavailable`` when the store does not answer.
    """

    async def list_keys(self) -> Sequence[EncryptedKey]:
        """Return every key, in any order."""
        ...

    async def add(self, key: EncryptedKey) -> bool:
        """Store a new key, unless a key with its ``kid`` or its ``follows`` exists; return whether this call did."""
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Set ``activates_at`` if its stored value is ``expected``; return whether this call did."""
        ...

    async def replace_encryption(self, kid: str, *, expected: str, encrypted: str) -> bool:
        """Set ``encrypted`` if its stored value is ``expected``; return whether this call did."""
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call did."""
        ...
