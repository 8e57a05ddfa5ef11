"""Clients in a dictionary."""

from collections.abc import Sequence
from dataclasses import replace

from ..domain.clients.client import FIRST_PARTY_CLIENT, Client, ClientSecret
from ..domain.errors import AlreadyExists
from ..domain.identifiers import ClientId
from ..ports.client_repository import ClientRepository


class FakeClientRepository(ClientRepository):
    """A dictionary of clients that holds the built-in client from the start.

    No method awaits, so each is atomic on the event loop.
    """

    def __init__(self) -> None:
        self.stored: dict[ClientId, Client] = {FIRST_PARTY_CLIENT.client_id: FIRST_PARTY_CLIENT}

    async def add(self, client: Client) -> None:
        if client.client_id in self.stored:
            raise AlreadyExists
        self.stored[client.client_id] = client

    async def find(self, client_id: ClientId) -> Client | None:
        return self.stored.get(client_id)

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        found = [each for each in self.stored.values() if each is not FIRST_PARTY_CLIENT and each.client_id > after]
        return sorted(found, key=lambda client: client.client_id)[:limit]

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        client = self.stored.get(client_id)
        if client is None or client is FIRST_PARTY_CLIENT or client.secrets != expected:
            return False
        self.stored[client_id] = replace(client, secrets=new)
        return True

    async def remove(self, client_id: ClientId) -> bool:
        if client_id == FIRST_PARTY_CLIENT.client_id:
            return False
        return self.stored.pop(client_id, None) is not None
