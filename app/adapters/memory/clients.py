"""Clients in memory."""

from collections.abc import Sequence
from dataclasses import replace

from ...domain.clients.client import FIRST_PARTY_CLIENT, Client, ClientSecret
from ...domain.errors import AlreadyExists
from ...domain.identifiers import ClientId
from ...ports.client_repository import ClientRepository


class MemoryClientRepository(ClientRepository):
    """Keeps clients in one dictionary, except for the built-in client. No method awaits anything, so each is atomic on
    the event loop.
    """

    def __init__(self) -> None:
        self._clients: dict[ClientId, Client] = {}

    async def add(self, client: Client) -> None:
        if client.client_id in self._clients or client.client_id == FIRST_PARTY_CLIENT.client_id:
            raise AlreadyExists
        self._clients[client.client_id] = client

    async def find(self, client_id: ClientId) -> Client | None:
        if client_id == FIRST_PARTY_CLIENT.client_id:
            return FIRST_PARTY_CLIENT
        return self._clients.get(client_id)

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        return [self._clients[each] for each in sorted(each for each in self._clients if each > after)[:limit]]

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        client = self._clients.get(client_id)
        if client is None or client.secrets != expected:
            return False
        self._clients[client_id] = replace(client, secrets=new)
        return True

    async def remove(self, client_id: ClientId) -> bool:
        return self._clients.pop(client_id, None) is not None
