"""The sessions in etcd pass the kit of Keyturn."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from etcd_server import Etcd, running_etcd
from keyturn.contracts.sessions import new_session
from keyturn.contracts.store import Blocked, Delayed, StoreContract
from keyturn.domain.errors import ConfigurationError, StoreUnavailable
from keyturn.domain.sessions.session import RevocationReason
from keyturn.ports.session_store import StoreOptions
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


async def test_acknowledged_changes_survive_a_sigkill_of_the_server(tmp_path: Path) -> None:
    session = new_session()
    with running_etcd(tmp_path) as etcd:
        store = EtcdStore(f"etcd://{etcd.address}/killed", StoreOptions())
        await store.open()
        await store.sessions.add(session)
        assert await store.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at)
    with pytest.raises(StoreUnavailable):
        await store.sessions.find(session.session_id)
    await store.close()
    with running_etcd(tmp_path) as etcd:
        again = EtcdStore(f"etcd://{etcd.address}/killed", StoreOptions())
        await again.open()
        found = await again.sessions.find(session.session_id)
        await again.close()
    assert found == session.revoked(reason=RevocationReason.LOGOUT, now=session.created_at)


@pytest.mark.parametrize(
    "url", ["etcd://", "etcd://host", "etcd://user:secret@host/keyturn", "etcd://host/keyturn?tls=1"]
)
def test_url_is_checked(url: str) -> None:
    with pytest.raises(ConfigurationError, match="KEYTURN_SESSION_URL: write etcd://HOST:PORT/PREFIX") as raised:
        EtcdStore(url, StoreOptions(setting="KEYTURN_SESSION_URL"))
    assert "secret" not in str(raised.value)
