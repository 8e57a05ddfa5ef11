"""The services that the benchmark compares with do what a refresh must do, or the comparison would be unfair."""

from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from scripts.benchmark import servers
from scripts.benchmark.stores import STORES, Store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return a store of which there is a peer."""
    with STORES[request.param]() as store:
        yield store


async def _post(port: int, path: str, **members: str) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client,
        client.post(path, json=members) as response,
    ):
        return response.status, await response.json()


async def test_a_token_is_used_once(store: Store) -> None:
    """A refresh token is replaced by its successor, and is refused after that."""
    assert store.peer is not None
    with servers.peer(store.peer, store.peer_environment) as peer:
        _, first = await _post(peer.port, "/auth/login", username="somebody", password=servers.PASSWORD)
        status, second = await _post(peer.port, "/auth/refresh", refresh_token=first["refresh_token"])
        assert status == 200
        assert first.keys() == second.keys()
        assert (await _post(peer.port, "/auth/refresh", refresh_token=first["refresh_token"]))[0] == 401
        assert (await _post(peer.port, "/auth/refresh", refresh_token=second["refresh_token"]))[0] == 200


async def test_a_durable_peer_forgets_nothing(store: Store) -> None:
    """A refresh that a durable peer has answered counts after a restart; a peer on the memory forgets the session."""
    assert store.peer is not None
    with servers.peer(store.peer, store.peer_environment) as peer:
        _, first = await _post(peer.port, "/auth/login", username="somebody", password=servers.PASSWORD)
        _, second = await _post(peer.port, "/auth/refresh", refresh_token=first["refresh_token"])
    with servers.peer(store.peer, store.peer_environment) as again:
        assert (await _post(again.port, "/auth/refresh", refresh_token=first["refresh_token"]))[0] == 401
        status, _ = await _post(again.port, "/auth/refresh", refresh_token=second["refresh_token"])
        assert status == (401 if store.name == "memory" else 200)


async def test_the_same_answer_as_keyturn() -> None:
    """The peers answer with the same members as Keyturn, and sign an access token of about the same length."""
    with servers.service() as service, servers.peer("memory") as peer:
        username, password = servers.USERNAME, servers.PASSWORD
        _, ours = await _post(service.port, "/auth/login", username=username, password=password)
        _, theirs = await _post(peer.port, "/auth/login", username=username, password=password)
    assert ours.keys() == theirs.keys()
    assert len(theirs["access_token"]) == pytest.approx(len(ours["access_token"]), rel=0.1)
