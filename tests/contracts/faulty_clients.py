"""A client repository that is wrong in one way, to show that the kit notices."""

import asyncio
from typing import Any

from app.adapters.memory.clients import MemoryClientRepository
from app.domain.clients.client import Client
from app.domain.identifiers import ClientId


class RacyClients(MemoryClientRepository):
    """Gets, lets others run, and then updates what it got: what they did in between is lost."""

    async def add(self, client: Client) -> None:
        free = client.client_id not in self._clients
        await asyncio.sleep(0)
        if free:
            self._clients.pop(client.client_id, None)
        await super().add(client)

    async def replace_secrets(self, client_id: ClientId, **secrets: Any) -> bool:
        got = self._clients.get(client_id)
        await asyncio.sleep(0)
        if got is not None:
            self._clients[client_id] = got
        return await super().replace_secrets(client_id, **secrets)

    async def remove(self, client_id: ClientId) -> bool:
        was_there = client_id in self._clients
        await asyncio.sleep(0)
        await super().remove(client_id)
        return was_there
