"""Sessions in Valkey: the kit, on each form of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest

from app.adapters.redis.sessions import RedisSessionRepository
from app.adapters.redis.store import RedisStore
from app.contracts.session_repository import SessionRepositoryContract
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Cluster, Valkey, Watched

from .conftest import PATIENT

Opened = Callable[[str, StoreOptions], Awaitable[RedisStore]]


class TestAlone(SessionRepositoryContract):
    """One server, each connection a client of its own."""

    @pytest.fixture(autouse=True)
    def _store(self, valkey: Valkey, opened: Opened) -> None:
        valkey.execute("FLUSHALL")
        self.valkey, self.opened = valkey, opened

    async def connections(self, n: int) -> Sequence[RedisSessionRepository]:
        return [(await self.opened(self.valkey.url, PATIENT)).sessions for _ in range(n)]


class TestCluster(SessionRepositoryContract):
    """Three primaries that share the slots."""

    @pytest.fixture(autouse=True)
    def _store(self, cluster: Cluster, opened: Opened) -> None:
        cluster.flush()
        self.cluster, self.opened = cluster, opened

    async def connections(self, n: int) -> Sequence[RedisSessionRepository]:
        return [(await self.opened(self.cluster.url, PATIENT)).sessions for _ in range(n)]


class TestWatched(SessionRepositoryContract):
    """A primary that a sentinel knows, whose replica must confirm each change."""

    @pytest.fixture(autouse=True)
    def _store(self, watched: Watched, opened: Opened) -> None:
        watched.primary.execute("FLUSHALL")
        self.watched, self.opened = watched, opened

    async def connections(self, n: int) -> Sequence[RedisSessionRepository]:
        options = replace(PATIENT, replicas=1)
        return [(await self.opened(self.watched.url, options)).sessions for _ in range(n)]
