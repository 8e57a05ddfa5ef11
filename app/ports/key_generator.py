"""Making signing keys."""

from typing import Protocol

from ..domain.keys.stored_key import StoredKey


class KeyGenerator(Protocol):
    """Makes keys."""

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        """Return a new key. It takes from 50 ms to seconds of another thread."""
        ...
