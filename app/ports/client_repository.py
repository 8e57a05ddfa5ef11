"""The repository of clients."""

from collections.abc import Sequence
from typing import Protocol

from ..domain.clients.client import Client, ClientSecret
from ..domain.identifiers import ClientId
from .client_lookup import ClientLookup


class ClientRepository(ClientLookup, Protocol):
    """Stores OAuth clients. Each method is atomic, and its effect is durable when it returns.

    Every method raises ``StoreUnavailable`` if the store does not answer.
    """

    async def add(self, client: Client) -> None:
        """Store a new client; raises ``AlreadyExists`` if the id is taken, also by the built-in client.

        Of several concurrent calls with the same id, one succeeds.
        """
        ...

    async def list_clients(self, *, after: str, limit: int) -> Sequence[Client]:
        """Return at most ``limit`` added clients with ids after ``after``, ordered by the code points of the ids.

        "" comes before every id. ``after`` may be a text that no id can be, such as one with a zero byte. The built-in
        client is not listed.
        """
        ...

    async def replace_secrets(
        self, client_id: ClientId, *, expected: tuple[ClientSecret, ...], new: tuple[ClientSecret, ...]
    ) -> bool:
        """Replace the secrets if they are ``expected``; return whether this call made the change.

        Of any number of concurrent calls with the same ``expected``, at most one returns ``True``.
        """
        ...

    async def remove(self, client_id: ClientId) -> bool:
        """Delete an added client; return whether this call deleted it."""
        ...
