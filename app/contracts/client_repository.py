"""The contract of a client repository (``app.ports.client_repository``)."""

import asyncio
from dataclasses import fields, replace
from typing import Any, Final

import pytest

from ..domain.clients.client import (
    FIRST_PARTY_CLIENT,
    MAX_CLIENT_ID_LENGTH,
    AuthenticationMethod,
    Client,
    ClientSecret,
    GrantType,
)
from ..domain.errors import AlreadyExists
from ..domain.identifiers import FIRST_PARTY, ClientId
from ..domain.scope import Scope
from ..ports.client_repository import ClientRepository
from .kit import PAGE, RACERS, Counts, RepositoryContract
from .sentences import must_raise, only_errors_of_the_port


def new_client(number: int = 1, **changes: Any) -> Client:
    """Return a client. Its id and its secret depend on ``number``."""
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
    "with a secret": new_client(),
    "with empty fields": new_client(grants=frozenset(), scope=Scope(), audiences=(), introspects=(), secrets=()),
    "public": Client(ClientId("app")),
    "with keys": new_client(method=AuthenticationMethod.PRIVATE_KEY_JWT, secrets=(), jwks='{"keys": [{"kty": "EC"}]}'),
}

NEWER: Final = (ClientSecret(b"n" * 32),)


class ClientBehaviour(RepositoryContract[ClientRepository]):
    """Every method does what its docstring says."""

    async def test_built_in_client_is_always_found(self, repository: ClientRepository) -> None:
        """The client of ``/auth/login`` need not be added, cannot be removed or changed, and is not listed."""
        assert await repository.remove(FIRST_PARTY) is False, "remove removed the built-in client"
        assert await repository.replace_secrets(FIRST_PARTY, expected=(), new=NEWER) is False, (
            "replace_secrets changed the built-in client"
        )
        assert await repository.find(FIRST_PARTY) == FIRST_PARTY_CLIENT, "find did not return the built-in client"
        assert list(await repository.list_clients(after="", limit=5)) == [], "list_clients has the built-in client"

    @pytest.mark.parametrize(
        "client_id", ["", "unknown", "Client-1", "client-1 ", "client_1", "%", "a\0", "\ud800", "first-party "]
    )
    async def test_unknown_id_is_not_found(self, repository: ClientRepository, client_id: str) -> None:
        """Ids are compared character by character, also by ``remove`` and ``replace_secrets``."""
        await repository.add(new_client())
        unknown = ClientId(client_id)
        assert await repository.find(unknown) is None, (
            "find took an unknown id for the id of a client: ids are not compared character by character"
        )
        assert await repository.remove(unknown) is False, "remove took an unknown id for the id of a client"
        assert await repository.replace_secrets(unknown, expected=new_client().secrets, new=NEWER) is False, (
            "replace_secrets took an unknown id for the id of a client"
        )
        assert await repository.find(new_client().client_id) == new_client(), (
            "an act on an unknown id changed another client"
        )

    @pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
    async def test_client_is_returned_as_added(self, repository: ClientRepository, client: Client) -> None:
        """Every field is returned with its value and type."""
        await repository.add(client)
        found = await repository.find(client.client_id)
        assert found == client, "find returned another client than add stored"
        for field in fields(Client):
            assert type(getattr(found, field.name)) is type(getattr(client, field.name)), (
                f"find returned {field.name} with another type"
            )
        assert [await repository.find(client.client_id)] == list(await repository.list_clients(after="", limit=2)), (
            "list_clients does not return the client that find returns"
        )

    async def test_clients_are_listed_in_pages_by_id(self, repository: ClientRepository) -> None:
        """The order is that of the code points. A page begins after the last id of the page before."""
        ids = sorted(("B", "a", "a-b", "a.b", "a_b", "a~b", "b", "10", "9"))
        for number, client_id in enumerate(reversed(ids)):
            await repository.add(new_client(number, client_id=ClientId(client_id)))
        listed: list[Client] = []
        while page := await repository.list_clients(after=listed[-1].client_id if listed else "", limit=4):
            assert len(page) <= 4, "list_clients returned more clients than its limit"
            listed += page
        assert [client.client_id for client in listed] == ids, (
            "the pages of list_clients do not have every client once, in the order of the code points"
        )

    async def test_longest_ids_are_told_apart(self, repository: ClientRepository) -> None:
        """Ids of 400 bytes that differ in the last character are those of different clients."""
        ids = [ClientId("🦊" * (MAX_CLIENT_ID_LENGTH - 1) + last) for last in ("🦉", "🦊")]
        for client_id in ids:
            with only_errors_of_the_port("clients.add", "for an id of 400 bytes"):
                await repository.add(new_client(client_id=client_id))
        found = [await repository.find(client_id) for client_id in ids]
        assert found == [new_client(client_id=client_id) for client_id in ids], (
            "clients with ids of 400 bytes are not found, or taken for one: the store's keys are shorter"
        )

    async def test_list_goes_beyond_a_page_of_the_store(self, repository: ClientRepository) -> None:
        """More clients than a store reads at once are listed in one call, if the limit allows it."""
        await asyncio.gather(*(repository.add(new_client(number)) for number in range(PAGE)))
        listed = await repository.list_clients(after="", limit=2 * PAGE)
        assert len(listed) == PAGE, f"list_clients returned {len(listed)} of {PAGE} clients: it stops at a page"

    async def test_page_after_an_id_that_no_store_can_hold(self, repository: ClientRepository) -> None:
        """A page may start after a text with a zero byte, which a client of the admin API may send."""
        for number, client_id in enumerate(("a", "ab", "b")):
            await repository.add(new_client(number, client_id=ClientId(client_id)))
        for after, ids in {"\0": ["a", "ab", "b"], "a\0z": ["ab", "b"], "ab\0": ["b"]}.items():
            assert [client.client_id for client in await repository.list_clients(after=after, limit=5)] == ids, (
                "list_clients does not begin after an id that no client can have"
            )

    async def test_replace_secrets_changes_only_the_secrets(self, repository: ClientRepository) -> None:
        """The other fields stay, and so does another client with the same secrets."""
        other = new_client(2, secrets=new_client().secrets)
        for client in (new_client(), other):
            await repository.add(client)
        assert await repository.replace_secrets(new_client().client_id, expected=new_client().secrets, new=NEWER), (
            "replace_secrets refused the stored secrets"
        )
        assert await repository.find(new_client().client_id) == new_client(secrets=NEWER), (
            "replace_secrets changed more than the secrets, or not the secrets"
        )
        assert await repository.find(other.client_id) == other, (
            "replace_secrets changed another client with the same secrets"
        )

    async def test_removed_client_is_not_found(self, repository: ClientRepository) -> None:
        """A removed client is not found or listed. It can be removed once, and its id can be used again."""
        for number in (1, 2):
            await repository.add(new_client(number))
        assert await repository.remove(new_client().client_id) is True, (
            "remove returned False for a client that was added"
        )
        assert await repository.remove(new_client().client_id) is False, (
            "remove returned True for a client that was removed already"
        )
        assert await repository.find(new_client().client_id) is None, "find returned a client that was removed"
        assert list(await repository.list_clients(after="", limit=5)) == [new_client(2)], (
            "list_clients has a client that was removed, or lacks another"
        )
        await repository.add(new_client())

    async def test_every_connection_sees_acknowledged_changes(self) -> None:
        """Each read and each replacement starts from the last acknowledged change of any connection."""
        one, other = await self.connections(2)
        assert await other.find(new_client().client_id) is None, "find returned a client that was never added"
        await one.add(new_client())
        assert await other.find(new_client().client_id) == new_client(), (
            "a connection does not see the client that another one added: a cache keeps that there is none"
        )
        assert await other.replace_secrets(new_client().client_id, expected=new_client().secrets, new=NEWER), (
            "a connection cannot replace the secrets of a client that another one added"
        )
        assert not await one.replace_secrets(new_client().client_id, expected=new_client().secrets, new=()), (
            "replace_secrets replaced secrets that another connection had replaced before"
        )
        assert await other.remove(new_client().client_id), "a connection cannot remove a client that another one added"
        assert await one.find(new_client().client_id) is None, (
            "a connection finds a client that another one removed: a cache keeps it"
        )


class ClientAtomicity(RepositoryContract[ClientRepository]):
    """A refused act changes nothing."""

    @pytest.mark.parametrize("taken", [new_client().client_id, FIRST_PARTY])
    async def test_refused_add_changes_nothing(self, repository: ClientRepository, taken: ClientId) -> None:
        """After an ``add`` with an id in use, the first client is as before."""
        await repository.add(new_client())
        with must_raise(AlreadyExists, "add accepted an id that is taken: it must raise AlreadyExists"):
            await repository.add(new_client(2, client_id=taken))
        assert await repository.find(new_client().client_id) == new_client(), (
            "a refused add changed the client that has the id"
        )
        assert await repository.find(FIRST_PARTY) == FIRST_PARTY_CLIENT, "a refused add changed the built-in client"

    @pytest.mark.parametrize("expected", [(), NEWER, new_client().secrets[:1], tuple(reversed(new_client().secrets))])
    async def test_replace_secrets_needs_the_expected_secrets(
        self, repository: ClientRepository, expected: tuple[ClientSecret, ...]
    ) -> None:
        """All secrets are compared, and their order too."""
        await repository.add(new_client())
        assert await repository.replace_secrets(new_client().client_id, expected=expected, new=NEWER) is False, (
            "replace_secrets accepted other secrets than the stored ones"
        )
        assert await repository.find(new_client().client_id) == new_client(), (
            "a refused replace_secrets changed the client"
        )


class ClientConcurrency(RepositoryContract[ClientRepository]):
    """Of racing acts, exactly one succeeds."""

    @pytest.mark.proof("stores")
    async def test_one_of_many_adds_wins(self, proof: Counts) -> None:
        """All racers but one are refused, and the client of the winner is stored."""
        racers = await self.racers()
        for round_ in range(proof.count("races for one client", small=10, full=200)):
            shared = ClientId(f"shared-{round_}")
            rivals = [new_client(racer, client_id=shared) for racer in range(RACERS)]
            acts = (connection.add(rival) for connection, rival in zip(racers, rivals, strict=True))
            results = await asyncio.gather(*acts, return_exceptions=True)
            assert results.count(None) == 1, f"{results.count(None)} of {RACERS} racing calls of add succeeded, not one"
            assert sum(isinstance(result, AlreadyExists) for result in results) == RACERS - 1, (
                "a call of add that lost the race raised something else than AlreadyExists"
            )
            assert await racers[0].find(shared) == rivals[results.index(None)], (
                "the stored client is not the one of the call of add that succeeded"
            )

    @pytest.mark.proof("stores")
    async def test_one_of_many_replacements_wins(self, proof: Counts) -> None:
        """Exactly one racer wins, and its secret is stored."""
        racers = await self.racers()
        for number in range(proof.count("races to replace secrets", small=10, full=200)):
            client = new_client(number)
            await racers[0].add(client)
            secrets = [(ClientSecret(bytes([racer]) * 32),) for racer in range(RACERS)]
            won = await asyncio.gather(
                *(
                    connection.replace_secrets(client.client_id, expected=client.secrets, new=new)
                    for connection, new in zip(racers, secrets, strict=True)
                )
            )
            assert sum(won) == 1, (
                f"{sum(won)} of {RACERS} racing calls of replace_secrets returned True: it is not a compare-and-swap"
            )
            assert await racers[-1].find(client.client_id) == replace(client, secrets=secrets[won.index(True)]), (
                "the stored secrets are not those of the call that returned True"
            )

    @pytest.mark.proof("stores")
    async def test_one_of_many_removals_wins(self, proof: Counts) -> None:
        """Exactly one racer removes the client."""
        racers = await self.racers()
        for number in range(proof.count("races to remove", small=10, full=200)):
            await racers[0].add(new_client(number))
            removed = await asyncio.gather(*(connection.remove(new_client(number).client_id) for connection in racers))
            assert sum(removed) == 1, f"{sum(removed)} of {RACERS} racing calls of remove returned True, not one"


class ClientRepositoryContract(ClientBehaviour, ClientAtomicity, ClientConcurrency):
    """All tiers."""
