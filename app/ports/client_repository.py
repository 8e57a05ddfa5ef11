"""Clients."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.clients.client import Client, ClientSecret
from ..domain.identifiers import ClientId


class ClientRepository(Protocol):
    """Keeps OAuth clients. Each method is one atomic act, and its effect is durable when it returns; each raises
    ``StoreUnavailable`` when the store does not answer.
    """

    async def add(self, client: Client) -> None:
        """Keep a new client; raises ``AlreadyExists`` if the id is taken, as the built-in one's is. Of several at once
        with one id, one succeeds.
        """
        ...

    async def find(self, client_id: ClientId) -> Client | None:
        """Return the client of this id, or ``None``. The built-in ``first-party`` is always there."""
        ...

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        """Return at most ``limit`` clients that were added whose ids come after ``after``, by code points, in that
        order; "" comes before every id.
        """
        ...

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        """Put ``new`` in the place of ``expected``; return whether this call did. Of any number of concurrent calls
        with one ``expected``, at most one does.
        """
        ...

    async def remove(self, client_id: ClientId) -> bool:
        """Delete a client that was added; return whether this call did."""
        ...
