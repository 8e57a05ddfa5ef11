"""The contract of a client repository (``app.ports.clients``). It only reads, so there is one tier: behaviour."""

from collections.abc import Sequence

import pytest
import pytest_asyncio

from ..domain.model.client import FIRST_PARTY_CLIENT
from ..domain.model.identifiers import FIRST_PARTY, ClientId
from ..ports.clients import ClientRepository


class ClientRepositoryContract:
    """Every method does what its docstring says; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[ClientRepository]:
        """Return ``n`` repositories over one store, to which no client was added."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def clients(self) -> ClientRepository:
        """Return the repository of a test that needs one."""
        [clients] = await self.connections(1)
        return clients

    async def test_the_built_in_client_is_always_there(self, clients: ClientRepository) -> None:
        """Nobody has to add the client of ``/auth/login``."""
        assert await clients.find(FIRST_PARTY) == FIRST_PARTY_CLIENT

    @pytest.mark.parametrize("client_id", ["", "unknown", "First-Party", "first-party ", "first_party", "%"])
    async def test_an_unknown_client_is_none(self, clients: ClientRepository, client_id: str) -> None:
        """Ids are compared character by character."""
        assert await clients.find(ClientId(client_id)) is None
