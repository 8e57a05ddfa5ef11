"""Clients in memory."""

from ...domain.model.client import FIRST_PARTY_CLIENT, Client
from ...domain.model.identifiers import ClientId


class MemoryClientRepository:
    """Knows the built-in client."""

    def __init__(self) -> None:
        self._clients: dict[ClientId, Client] = {FIRST_PARTY_CLIENT.client_id: FIRST_PARTY_CLIENT}

    async def find(self, client_id: ClientId) -> Client | None:
        return self._clients.get(client_id)
