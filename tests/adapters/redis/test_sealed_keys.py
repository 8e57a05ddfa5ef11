"""Sealed signing keys in Valkey: the kit, alone and in a cluster."""

from collections.abc import Sequence

import pytest

from app.adapters.redis.encrypted_keys import RedisEncryptedKeyRepository
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from tests.servers.valkey import Cluster, Valkey

from .conftest import PATIENT
from .test_sessions import Opened


class TestAlone(EncryptedKeyRepositoryContract):
    """One server, each connection a client of its own."""

    @pytest.fixture(autouse=True)
    def _store(self, valkey: Valkey, opened: Opened) -> None:
        valkey.execute("FLUSHALL")
        self.url, self.opened = valkey.url, opened

    async def connections(self, n: int) -> Sequence[RedisEncryptedKeyRepository]:
        return [(await self.opened(self.url, PATIENT)).signing_keys for _ in range(n)]


class TestCluster(TestAlone):
    """Three primaries that share the slots."""

    @pytest.fixture(autouse=True)
    def _store(self, cluster: Cluster, opened: Opened) -> None:
        cluster.flush()
        self.url, self.opened = cluster.url, opened
