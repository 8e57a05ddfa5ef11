"""Sealed signing keys in memory: the kit."""

from collections.abc import Sequence

from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.ports.encrypted_key_repository import EncryptedKeyRepository


class TestMemorySealedKeyRepository(EncryptedKeyRepositoryContract):
    """The in-memory keys pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[EncryptedKeyRepository]:
        return [MemoryEncryptedKeyRepository()] * n
