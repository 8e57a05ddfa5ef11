"""Where the signing keys are."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.keys.stored_key import StoredKey


class KeyStore(Protocol):
    """Holds the signing keys."""

    async def load(self) -> Sequence[StoredKey]:
        """Return all keys, no two with one ``kid``.

        Raises ``ConfigurationError`` for a key that cannot be read or is not fit to sign, and ``StoreUnavailable``.
        """
        ...
