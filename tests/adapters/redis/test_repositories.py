"""Repositories in Valkey: the kit, on a cluster and with a sentinel. Each connection is a store of its own."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.adapters.redis.encrypted_keys import RedisEncryptedKeyRepository
from app.adapters.redis.rate_limits import RedisRateLimitRepository
from app.adapters.redis.sessions import RedisSessionRepository
from app.adapters.redis.store import RedisStore
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.contracts.rate_limit_repository import RateLimitRepositoryContract, key, take
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.store_clock import StoreClockContract
from app.ports.session_store import StoreOptions
from app.ports.store_clock import StoreClock
from tests.servers.valkey import Cluster, SentinelGroup, Valkey

from .conftest import PATIENT, OpenStore


class _OnValkey:
    """Gives a contract the stores of its test."""

    url: str
    options: StoreOptions = PATIENT

    @pytest.fixture(autouse=True)
    def _open_store(self, open_store: OpenStore) -> None:
        self.open_store = open_store

    async def stores(self, n: int) -> list[RedisStore]:
        return [await self.open_store(self.url, self.options) for _ in range(n)]


class _OnCluster(_OnValkey):
    @pytest.fixture(autouse=True)
    def _url(self, cluster: Cluster) -> None:
        cluster.flush()
        self.url = cluster.url


class _OnSentinelGroup(_OnValkey):
    options = replace(PATIENT, replicas=1)

    @pytest.fixture(autouse=True)
    def _url(self, sentinel_group: SentinelGroup) -> None:
        sentinel_group.primary.execute("FLUSHALL")
        self.url = sentinel_group.url


class TestSessionsOnCluster(_OnCluster, SessionRepositoryContract):
    """The sessions pass the kit on a cluster of three primaries."""

    async def connections(self, n: int) -> Sequence[RedisSessionRepository]:
        return [store.sessions for store in await self.stores(n)]


class TestSessionsWithSentinel(_OnSentinelGroup, SessionRepositoryContract):
    """The sessions pass the kit on a primary with a sentinel, whose replica must confirm each change."""

    async def connections(self, n: int) -> Sequence[RedisSessionRepository]:
        return [store.sessions for store in await self.stores(n)]


class TestEncryptedKeysOnCluster(_OnCluster, EncryptedKeyRepositoryContract):
    """The encrypted keys pass the kit on a cluster."""

    async def connections(self, n: int) -> Sequence[RedisEncryptedKeyRepository]:
        return [store.signing_keys for store in await self.stores(n)]


class TestRateLimitsOnCluster(_OnCluster, RateLimitRepositoryContract):
    """The rate limits pass the kit on a cluster."""

    async def connections(self, n: int) -> Sequence[RedisRateLimitRepository]:
        return [store.rate_limits for store in await self.stores(n)]


class TestClockOfCluster(_OnCluster, StoreClockContract):
    """The clock passes the kit on a cluster."""

    async def connections(self, n: int) -> Sequence[StoreClock]:
        return [store.clock for store in await self.stores(n) if store.clock is not None]


async def test_a_rate_limit_expires_when_it_is_full(valkey: Valkey, open_store: OpenStore) -> None:
    """The server deletes a rate limit when it is full, so nothing has to sweep."""
    valkey.execute("FLUSHALL")
    store = await open_store(valkey.url, PATIENT)
    for _ in range(2):
        await take(store.rate_limits, key(1))
    [found] = valkey.execute("KEYS", "keyturn:{budgets}:*")
    assert 50_000 < valkey.execute("PTTL", found) <= 60_000
