"""The clients that an instance keeps in memory."""

from dataclasses import replace

import pytest

from app.domain.clients import known_clients
from app.domain.clients.authentication import ClientAuthentication
from app.domain.clients.client import AuthenticationMethod, Client, ClientSecret
from app.domain.clients.known_clients import MAX_AGE_SECONDS, KnownClients
from app.domain.clients.presented_credential import PresentedId, PresentedSecret
from app.domain.errors import InvalidClient
from app.domain.identifiers import ClientId
from app.domain.sessions.ratchet import digest
from app.domain.tokens.policy import AccessTokenPolicy
from app.testing.builders import AUDIENCE, ISSUER
from app.testing.clients import FakeClientRepository
from app.testing.system import FakeClock

ORDERS = Client(ClientId("orders"), method=AuthenticationMethod.SECRET, secrets=(ClientSecret(digest(b"old")),))
RENEWED = replace(ORDERS, secrets=(ClientSecret(digest(b"new")),))


class CountedClients(FakeClientRepository):
    """Counts its reads."""

    reads = 0

    async def find(self, client_id: ClientId) -> Client | None:
        self.reads += 1
        return await super().find(client_id)


class Instance:
    """One instance with the client ``orders``."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clients = CountedClients()
        self.clients.stored[ORDERS.client_id] = ORDERS
        self.known = KnownClients(clients=self.clients, clock=self.clock)
        self.authentication = ClientAuthentication(
            clients=self.known,
            assertions=None,  # type: ignore[arg-type]  # no assertion is presented
            used=None,  # type: ignore[arg-type]  # as above
            clock=self.clock,
            policy=AccessTokenPolicy(issuer=ISSUER, audience=AUDIENCE),
            token_endpoint="",
        )

    async def authenticate(self, secret: str) -> Client:
        """Authenticate ``orders`` with a secret."""
        return await self.authentication.authenticate(PresentedSecret(ORDERS.client_id, secret))


@pytest.fixture
def instance() -> Instance:
    """Return an instance that has read nothing."""
    return Instance()


async def test_a_client_is_read_once_in_four_seconds(instance: Instance) -> None:
    """Within that time the store is not asked, and then it is."""
    for _ in range(10):
        assert await instance.known.find(ORDERS.client_id) == ORDERS
    assert instance.clients.reads == 1
    instance.clock.advance(MAX_AGE_SECONDS)
    await instance.known.find(ORDERS.client_id)
    assert instance.clients.reads == 2


async def test_a_removed_client_is_unknown_after_four_seconds(instance: Instance) -> None:
    """Another instance has removed it."""
    await instance.known.find(ORDERS.client_id)
    del instance.clients.stored[ORDERS.client_id]
    instance.clock.advance(MAX_AGE_SECONDS)
    assert await instance.known.find(ORDERS.client_id) is None


async def test_a_wall_clock_that_is_set_back_keeps_no_client_longer(instance: Instance) -> None:
    """The age is measured by the steady clock."""
    await instance.known.find(ORDERS.client_id)
    instance.clock.advance(MAX_AGE_SECONDS)
    instance.clock.time -= 86_400
    await instance.known.find(ORDERS.client_id)
    assert instance.clients.reads == 2


async def test_an_unknown_client_is_not_kept(instance: Instance) -> None:
    """Anybody can name unknown ids, and a client works as soon as it was added."""
    assert await instance.known.find(ClientId("later")) is None
    instance.clients.stored[ClientId("later")] = replace(ORDERS, client_id=ClientId("later"))
    assert await instance.known.find(ClientId("later"))


async def test_the_number_of_kept_clients_is_bounded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client that was read first is read again."""
    monkeypatch.setattr(known_clients, "_MAX_CLIENTS", 2)
    ids = [ClientId(f"client-{number}") for number in range(3)]
    for client_id in ids:
        instance.clients.stored[client_id] = replace(ORDERS, client_id=client_id)
        await instance.known.find(client_id)
    await instance.known.find(ids[2])
    await instance.known.find(ids[1])
    assert instance.clients.reads == 3
    await instance.known.find(ids[0])
    assert instance.clients.reads == 4


async def test_a_new_secret_works_at_once(instance: Instance) -> None:
    """Another instance has replaced the secret of a client that is kept here."""
    assert await instance.authenticate("old") == ORDERS
    instance.clients.stored[ORDERS.client_id] = RENEWED
    assert await instance.authenticate("new") == RENEWED
    with pytest.raises(InvalidClient):
        await instance.authenticate("old")


async def test_a_wrong_secret_costs_one_more_read(instance: Instance) -> None:
    """A guess costs what it cost before clients were kept: one read."""
    await instance.authenticate("old")
    for _ in range(5):
        with pytest.raises(InvalidClient):
            await instance.authenticate("guess")
    assert instance.clients.reads == 6


async def test_a_client_without_a_credential_is_refused(instance: Instance) -> None:
    """A confidential client must authenticate, whether it is kept or not."""
    for _ in range(2):
        with pytest.raises(InvalidClient):
            await instance.authentication.authenticate(PresentedId(ORDERS.client_id))
