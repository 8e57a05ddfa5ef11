"""The sessions in etcd pass the kit of Keyturn."""

from collections.abc import Iterator
from itertools import count

import pytest
from etcd_server import Etcd, running_etcd
from keyturn.contracts.store import Blocked, Delayed, StoreContract
from keyturn_etcd.store import EtcdStore

_NUMBERS = count()


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Etcd]:
    with running_etcd(tmp_path_factory.mktemp("etcd")) as server:
        yield server


class TestEtcd(StoreContract, make=EtcdStore):
    @pytest.fixture
    def url(self, etcd: Etcd) -> str:
        return f"etcd://{etcd.address}/test-{next(_NUMBERS)}"

    @pytest.fixture
    def blocked(self, etcd: Etcd) -> Blocked:
        return etcd.full

    @pytest.fixture
    def delayed(self, etcd: Etcd) -> Delayed:
        return etcd.stopped
