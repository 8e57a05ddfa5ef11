"""Budgets of attempts in Valkey: the kit, alone and in a cluster."""

from collections.abc import Sequence

import pytest

from app.adapters.redis.rate_limits import RedisRateLimitRepository
from app.contracts.rate_limit_repository import RateLimitRepositoryContract, key, take
from tests.servers.valkey import Cluster, Valkey

from .conftest import PATIENT
from .test_sessions import Opened


class TestAlone(RateLimitRepositoryContract):
    """One server, each connection a client of its own."""

    @pytest.fixture(autouse=True)
    def _store(self, valkey: Valkey, opened: Opened) -> None:
        valkey.execute("FLUSHALL")
        self.url, self.opened = valkey.url, opened

    async def connections(self, n: int) -> Sequence[RedisRateLimitRepository]:
        return [(await self.opened(self.url, PATIENT)).rate_limits for _ in range(n)]


class TestCluster(TestAlone):
    """Three primaries that share the slots."""

    @pytest.fixture(autouse=True)
    def _store(self, cluster: Cluster, opened: Opened) -> None:
        cluster.flush()
        self.url, self.opened = cluster.url, opened


async def test_a_budget_expires_when_it_is_whole(valkey: Valkey, opened: Opened) -> None:
    """Nothing sweeps them: the server deletes each in time."""
    valkey.execute("FLUSHALL")
    store = await opened(valkey.url, PATIENT)
    for _ in range(2):
        await take(store.rate_limits, key(1))
    [found] = [each async for each in store._commands.scan("keyturn:{budgets}:*")]
    [left] = await store._commands.run_command("PTTL", [found.decode()])
    assert 50_000 < left <= 60_000
