"""Where the signing keys are."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.model.signing_key import StoredKey


class KeyStore(Protocol):
    """Holds the signing keys."""

    async def load(self) -> Sequence[StoredKey]:
        """Return all keys, no two with one ``kid``.

        Raises ``ConfigurationError`` for a key that cannot be read or is not fit to sign, and ``StoreUnavailable``.
        """
        ...


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


class KeyGenerator(Protocol):
    """Makes keys."""

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        """Return a new key. It takes from 50 ms to seconds of another thread."""
        ...
