"""Clients in memory: the kit."""

from collections.abc import Sequence

from app.adapters.memory.clients import MemoryClientRepository
from app.contracts.client_repository import ClientRepositoryContract
from app.ports.client_repository import ClientRepository


class TestMemoryClientRepository(ClientRepositoryContract):
    """The in-memory clients pass the kit; their connections are one object."""

    async def connections(self, n: int) -> Sequence[ClientRepository]:
        return [MemoryClientRepository()] * n
