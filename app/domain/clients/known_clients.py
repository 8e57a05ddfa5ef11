"""The clients that this instance has read a moment ago."""

from typing import Final

from ...ports.client_lookup import ClientLookup
from ...ports.client_repository import ClientRepository
from ...ports.clock import Clock
from ..identifiers import ClientId
from .client import Client

MAX_AGE_SECONDS: Final = 4.0
"""So a change of a client reaches every instance within 5 seconds."""

_MAX_CLIENTS: Final = 10_000


class KnownClients(ClientLookup):
    """Keeps clients in memory for up to four seconds. An unknown id is asked of the store each time.

    At most 10,000 clients are kept; then the one that was read first is dropped.
    """

    def __init__(self, *, clients: ClientRepository, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock
        self._known: dict[ClientId, tuple[float, Client]] = {}

    async def find(self, client_id: ClientId) -> Client | None:
        """Return the client as it is now, or was at most four seconds ago; raises ``StoreUnavailable``."""
        known = self._known.get(client_id)
        if known is not None and self._clock.steady() - known[0] < MAX_AGE_SECONDS:
            return known[1]
        return await self.read(client_id)

    async def read(self, client_id: ClientId) -> Client | None:
        """Return the client as it is in the store now, or ``None``; raises ``StoreUnavailable``."""
        asked_at = self._clock.steady()
        client = await self._clients.find(client_id)
        self.forget(client_id)
        if client is not None:
            self._known[client_id] = asked_at, client
            if len(self._known) > _MAX_CLIENTS:
                del self._known[next(iter(self._known))]
        return client

    def forget(self, client_id: ClientId) -> None:
        """Read the client from the store at its next use."""
        self._known.pop(client_id, None)
