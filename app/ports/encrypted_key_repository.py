"""Signing keys in a shared store, which cannot read them."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.keys.encrypted_key import EncryptedKey


class EncryptedKeyRepository(Protocol):
    """Keeps sealed keys. Each method is one atomic act, and its effect is durable when it returns; each raises
    ``StoreUnavailable`` when the store does not answer.
    """

    async def list_keys(self) -> Sequence[EncryptedKey]:
        """Return every key, in no order."""
        ...

    async def add(self, key: EncryptedKey) -> bool:
        """Keep a new key, unless there is one of its ``kid`` or with its ``follows``; return whether this call did."""
        ...

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        """Set ``activates_at`` if it is ``expected`` so far; return whether this call did."""
        ...

    async def replace_encrypted(self, kid: str, *, expected: str, encrypted: str) -> bool:
        """Put ``encrypted`` in the place of ``expected``; return whether this call did."""
        ...

    async def remove(self, kid: str) -> bool:
        """Delete a key; return whether this call did."""
        ...
