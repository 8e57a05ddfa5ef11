"""A key made at start."""

from collections.abc import Sequence

from ...domain.keys.stored_key import StoredKey
from ...ports.key_store import KeyStore
from .pem import generate, stored_key


class GeneratedKeyStore(KeyStore):
    """Makes one key when it is first asked, and holds it in memory alone: with the process, its tokens end."""

    def __init__(self, *, bits: int) -> None:
        self._bits = bits
        self._key: StoredKey | None = None

    async def load(self) -> Sequence[StoredKey]:
        if self._key is None:
            self._key = stored_key(generate(self._bits))
        return (self._key,)
