"""Sealed signing keys in memory: the kit."""

from collections.abc import Sequence

from app.adapters.memory.sealed_keys import MemorySealedKeyRepository
from app.contracts.sealed_key_repository import SealedKeyRepositoryContract
from app.ports.sealed_keys import SealedKeyRepository


class TestMemorySealedKeyRepository(SealedKeyRepositoryContract):
    """The in-memory keys pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[SealedKeyRepository]:
        return [MemorySealedKeyRepository()] * n
