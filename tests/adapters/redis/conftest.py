"""The servers of the tests in this folder."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from app.adapters.redis.store import RedisStore
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Cluster, SentinelGroup, Valkey, running_cluster, running_sentinel_group, running_valkey

OpenStore = Callable[..., Awaitable[RedisStore]]

PATIENT = StoreOptions(timeout=20.0, connections=3)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Return a single server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a cluster of three primaries."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sentinel_group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelGroup]:
    """Return a primary, its replica and a sentinel."""
    with running_sentinel_group(tmp_path_factory.mktemp("sentinel_group")) as sentinel_group:
        yield sentinel_group


@pytest.fixture
async def open_store() -> AsyncIterator[OpenStore]:
    """Return a function that opens a store. The store is closed after the test."""
    stores: list[RedisStore] = []

    async def open_one(url: str, options: StoreOptions = PATIENT) -> RedisStore:
        store = RedisStore(url, options)
        stores.append(store)
        await store.open()
        return store

    yield open_one
    for store in stores:
        await store.close()
