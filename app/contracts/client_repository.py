"""The contract of a client repository (``app.ports.clients``)."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import cycle, islice
from typing import Any, Final

import pytest
import pytest_asyncio

from ..domain.clients.client import FIRST_PARTY_CLIENT, AuthenticationMethod, Client, ClientSecret, GrantType
from ..domain.errors import AlreadyExists
from ..domain.identifiers import FIRST_PARTY, ClientId
from ..domain.scope import Scope
from ..ports.client_repository import ClientRepository
from .counts import CONNECTIONS, RACERS, Counts


def new_client(number: int = 1, **changes: Any) -> Client:
    """Return a client told from others by its number."""
    client = Client(
        client_id=ClientId(f"client-{number}"),
        method=AuthenticationMethod.SECRET,
        grants=frozenset(GrantType),
        scope=Scope.parse("orders:read orders:write"),
        audiences=("https://orders.example/", "stock"),
        introspects=("orders",),
        secrets=(ClientSecret(bytes([number % 256]) * 32), ClientSecret(b"o" * 32, 1_800_000_000)),
    )
    return replace(client, **changes)


CLIENTS: Final = {
    "of a secret": new_client(),
    "without anything": new_client(grants=frozenset(), scope=Scope(), audiences=(), introspects=(), secrets=()),
    "public": Client(ClientId("app")),
    "of keys": new_client(method=AuthenticationMethod.PRIVATE_KEY_JWT, secrets=(), jwks='{"keys": [{"kty": "EC"}]}'),
}

NEWER: Final = (ClientSecret(b"n" * 32),)


class ClientKit:
    """Gives each test a store of its own; an adapter overrides ``connections``."""

    pytestmark = pytest.mark.asyncio

    async def connections(self, n: int) -> Sequence[ClientRepository]:
        """Return ``n`` repositories over one store, to which no client was added."""
        raise NotImplementedError

    @pytest_asyncio.fixture
    async def clients(self) -> ClientRepository:
        """Return the repository of a test that needs one."""
        [clients] = await self.connections(1)
        return clients


class ClientBehaviour(ClientKit):
    """Every method does what its docstring says."""

    async def test_the_built_in_client_is_always_there(self, clients: ClientRepository) -> None:
        """Nobody has to add the client of ``/auth/login``; nobody can remove or change it, and no page lists it."""
        assert await clients.remove(FIRST_PARTY) is False
        assert await clients.replace_secrets(FIRST_PARTY, expected=(), new=NEWER) is False
        assert await clients.find(FIRST_PARTY) == FIRST_PARTY_CLIENT
        assert list(await clients.list_clients(after="", limit=5)) == []

    @pytest.mark.parametrize(
        "client_id", ["", "unknown", "Client-1", "client-1 ", "client_1", "%", "a\0", "\ud800", "first-party "]
    )
    async def test_an_unknown_client_is_none(self, clients: ClientRepository, client_id: str) -> None:
        """Ids are compared character by character; nothing is removed or replaced under another."""
        await clients.add(new_client())
        unknown = ClientId(client_id)
        assert await clients.find(unknown) is None
        assert await clients.remove(unknown) is False
        assert await clients.replace_secrets(unknown, expected=new_client().secrets, new=NEWER) is False
        assert await clients.find(new_client().client_id) == new_client()

    @pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
    async def test_a_client_is_found_as_it_was_added(self, clients: ClientRepository, client: Client) -> None:
        """Whatever the fields hold, they come back the same, of the same types."""
        await clients.add(client)
        found = await clients.find(client.client_id)
        assert found == client
        for field in fields(Client):
            assert type(getattr(found, field.name)) is type(getattr(client, field.name)), field.name
        assert [await clients.find(client.client_id)] == list(await clients.list_clients(after="", limit=2))

    async def test_clients_are_listed_by_id_a_page_at_a_time(self, clients: ClientRepository) -> None:
        """The order is that of the code points; a page begins after the last one's end."""
        ids = sorted(("B", "a", "a-b", "a.b", "a_b", "a~b", "b", "10", "9"))
        for number, client_id in enumerate(reversed(ids)):
            await clients.add(new_client(number, client_id=ClientId(client_id)))
        listed: list[Client] = []
        while page := await clients.list_clients(after=listed[-1].client_id if listed else "", limit=4):
            assert len(page) <= 4
            listed += page
        assert [client.client_id for client in listed] == ids

    async def test_secrets_are_replaced_and_nothing_else(self, clients: ClientRepository) -> None:
        """The rest of the client stays, and so does another client with the same secrets."""
        other = new_client(2, secrets=new_client().secrets)
        for client in (new_client(), other):
            await clients.add(client)
        assert await clients.replace_secrets(new_client().client_id, expected=new_client().secrets, new=NEWER)
        assert await clients.find(new_client().client_id) == new_client(secrets=NEWER)
        assert await clients.find(other.client_id) == other

    async def test_a_removed_client_is_gone(self, clients: ClientRepository) -> None:
        """From everywhere and once, and its id can be taken again."""
        for number in (1, 2):
            await clients.add(new_client(number))
        assert await clients.remove(new_client().client_id) is True
        assert await clients.remove(new_client().client_id) is False
        assert await clients.find(new_client().client_id) is None
        assert list(await clients.list_clients(after="", limit=5)) == [new_client(2)]
        await clients.add(new_client())

    async def test_what_one_connection_did_every_other_sees(self) -> None:
        """Each read, and each replacement, starts from the last acknowledged change, whoever made it."""
        one, other = await self.connections(2)
        assert await other.find(new_client().client_id) is None
        await one.add(new_client())
        assert await other.find(new_client().client_id) == new_client()
        assert await other.replace_secrets(new_client().client_id, expected=new_client().secrets, new=NEWER)
        assert not await one.replace_secrets(new_client().client_id, expected=new_client().secrets, new=())
        assert await other.remove(new_client().client_id)
        assert await one.find(new_client().client_id) is None


class ClientAtomicity(ClientKit):
    """What is refused changes nothing."""

    @pytest.mark.parametrize("taken", [new_client().client_id, FIRST_PARTY])
    async def test_a_failed_add_leaves_the_first(self, clients: ClientRepository, taken: ClientId) -> None:
        """A taken id lets nothing of the second client in."""
        await clients.add(new_client())
        with pytest.raises(AlreadyExists):
            await clients.add(new_client(2, client_id=taken))
        assert await clients.find(new_client().client_id) == new_client()
        assert await clients.find(FIRST_PARTY) == FIRST_PARTY_CLIENT

    @pytest.mark.parametrize("expected", [(), NEWER, new_client().secrets[:1], tuple(reversed(new_client().secrets))])
    async def test_secrets_that_are_not_the_expected_stay(
        self, clients: ClientRepository, expected: tuple[ClientSecret, ...]
    ) -> None:
        """All of them are compared, in their order."""
        await clients.add(new_client())
        assert await clients.replace_secrets(new_client().client_id, expected=expected, new=NEWER) is False
        assert await clients.find(new_client().client_id) == new_client()


class ClientConcurrency(ClientKit):
    """Of acts that race, as many succeed as may."""

    @pytest.mark.proof("stores")
    async def test_of_many_clients_of_one_id_one_is_kept(self, proof: Counts) -> None:
        """Every racer but one is refused, and what is found is the winner's."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for round_ in range(proof.count("races for one client", small=10, full=200)):
            shared = ClientId(f"shared-{round_}")
            rivals = [new_client(racer, client_id=shared) for racer in range(RACERS)]
            acts = (handle.add(rival) for handle, rival in zip(handles, rivals, strict=True))
            results = await asyncio.gather(*acts, return_exceptions=True)
            assert results.count(None) == 1
            assert sum(isinstance(result, AlreadyExists) for result in results) == RACERS - 1
            assert await handles[0].find(shared) == rivals[results.index(None)]

    @pytest.mark.proof("stores")
    async def test_of_many_replacements_one_wins(self, proof: Counts) -> None:
        """Exactly one racer is told that it won, and its secret is kept."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for number in range(proof.count("races to replace secrets", small=10, full=200)):
            client = new_client(number)
            await handles[0].add(client)
            secrets = [(ClientSecret(bytes([racer]) * 32),) for racer in range(RACERS)]
            won = await asyncio.gather(
                *(
                    handle.replace_secrets(client.client_id, expected=client.secrets, new=new)
                    for handle, new in zip(handles, secrets, strict=True)
                )
            )
            assert sum(won) == 1
            assert await handles[-1].find(client.client_id) == replace(client, secrets=secrets[won.index(True)])

    @pytest.mark.proof("stores")
    async def test_of_many_removals_one_is_told(self, proof: Counts) -> None:
        """Exactly one racer is told that it removed the client."""
        handles = list(islice(cycle(await self.connections(CONNECTIONS)), RACERS))
        for number in range(proof.count("races to remove", small=10, full=200)):
            await handles[0].add(new_client(number))
            removed = await asyncio.gather(*(handle.remove(new_client(number).client_id) for handle in handles))
            assert sum(removed) == 1


class ClientRepositoryContract(ClientBehaviour, ClientAtomicity, ClientConcurrency):
    """All tiers."""
