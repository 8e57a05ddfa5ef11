"""Generated signing keys."""

import asyncio
from collections.abc import Sequence

from ...domain.keys.stored_key import StoredKey
from ...ports.key_generator import KeyGenerator
from ...ports.key_store import KeyStore
from .rsa_key import generate_rsa_key, to_stored_key


class RsaKeyGenerator(KeyGenerator):
    """Generates RSA keys of ``bits`` in a thread."""

    def __init__(self, *, bits: int) -> None:
        self._bits = bits

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        private_key = await asyncio.to_thread(generate_rsa_key, self._bits)
        return to_stored_key(private_key, activates_at=activates_at, published_at=published_at)


class GeneratedKeyStore(KeyStore):
    """Generates one key at the first ``load``, and stores it in memory only. After a restart its tokens are invalid."""

    def __init__(self, *, bits: int) -> None:
        self._bits = bits
        self._key: StoredKey | None = None

    async def load(self) -> Sequence[StoredKey]:
        if self._key is None:
            self._key = to_stored_key(generate_rsa_key(self._bits))
        return (self._key,)
