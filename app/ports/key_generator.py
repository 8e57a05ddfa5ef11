"""The generation of signing keys."""

from typing import Protocol

from ..domain.keys.stored_key import StoredKey


class KeyGenerator(Protocol):
    """Generates signing keys."""

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        """Return a new key. This takes from 50 ms to some seconds, in another thread."""
        ...
