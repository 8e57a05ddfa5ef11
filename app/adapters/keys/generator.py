"""Making signing keys."""

import asyncio

from ...domain.keys.stored_key import StoredKey
from ...ports.key_generator import KeyGenerator
from .pem import generate, stored_key


class RsaKeyGenerator(KeyGenerator):
    """RSA keys of ``bits``, made in a thread."""

    def __init__(self, *, bits: int) -> None:
        self._bits = bits

    async def generate(self, *, published_at: float, activates_at: float) -> StoredKey:
        private_key = await asyncio.to_thread(generate, self._bits)
        return stored_key(private_key, activates_at=activates_at, published_at=published_at)
