"""Clients."""

from typing import Protocol

from ..domain.model.client import Client
from ..domain.model.identifiers import ClientId


class ClientRepository(Protocol):
    """Keeps OAuth clients. Every method raises ``StoreUnavailable`` when the store does not answer."""

    async def find(self, client_id: ClientId) -> Client | None:
        """Return the client of this id, or ``None``. The built-in ``first-party`` is always there."""
        ...
