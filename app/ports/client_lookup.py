"""The lookup of clients."""

from typing import Protocol

from ..domain.clients.client import Client
from ..domain.identifiers import ClientId


class ClientLookup(Protocol):
    """Finds OAuth clients."""

    async def find(self, client_id: ClientId) -> Client | None:
        """Return the client with this id, or ``None``. The built-in client ``first-party`` always exists.

        Raises ``StoreUnavailable``.
        """
        ...
