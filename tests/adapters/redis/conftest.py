"""The servers that the tests of this folder run on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

import pytest

from app.adapters.redis.store import RedisStore
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Cluster, Valkey, Watched, running_cluster, running_valkey, running_watched

Stores = Callable[..., Awaitable[Sequence[RedisStore]]]

PATIENT = StoreOptions(timeout=20.0, connections=3)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Return a server that stands alone."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster of three primaries."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Return a primary and a replica, watched by a sentinel."""
    with running_watched(tmp_path_factory.mktemp("watched")) as watched:
        yield watched


@pytest.fixture
async def opened() -> AsyncIterator[Callable[..., Awaitable[RedisStore]]]:
    """Return a function that opens a store, which is closed after the test."""
    stores: list[RedisStore] = []

    async def open_store(url: str, options: StoreOptions = PATIENT) -> RedisStore:
        store = RedisStore(url, options)
        stores.append(store)
        await store.open()
        return store

    yield open_store
    for store in stores:
        await store.close()
