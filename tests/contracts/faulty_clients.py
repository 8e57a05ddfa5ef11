"""Client repositories with one fault each."""

import asyncio
from collections.abc import Sequence
from typing import Any

from app.domain.clients.client import Client
from app.domain.identifiers import ClientId
from app.testing.clients import FakeClientRepository


class RacyClients(FakeClientRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def add(self, client: Client) -> None:
        free = client.client_id not in self.stored
        await asyncio.sleep(0)
        if free:
            self.stored.pop(client.client_id, None)
        await super().add(client)

    async def replace_secrets(self, client_id: ClientId, **secrets: Any) -> bool:
        read = self.stored.get(client_id)
        await asyncio.sleep(0)
        if read is not None:
            self.stored[client_id] = read
        return await super().replace_secrets(client_id, **secrets)

    async def remove(self, client_id: ClientId) -> bool:
        read = self.stored.get(client_id)
        await asyncio.sleep(0)
        if read is not None:
            self.stored[client_id] = read
        return await super().remove(client_id)


class CutsLongIds(FakeClientRepository):
    """The keys of the clients have 255 bytes."""

    async def find(self, client_id: ClientId) -> Client | None:
        cut = client_id.encode("utf-8", "surrogatepass")[:255]
        return next((each for each in self.stored.values() if each.client_id.encode()[:255] == cut), None)


class ListsOnePage(FakeClientRepository):
    """``list_clients`` returns 100 clients at most."""

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        return await super().list_clients(after=after, limit=min(limit, 100))
