"""TLS to PostgreSQL: who is trusted, and what is said of a server that is not."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.store import SqlStore
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres
from tests.servers.tls import tls_before, write_certificate

from .conftest import own_database

OPTIONS: Final = StoreOptions(timeout=10.0, connections=1)
REFUSED: Final = "cannot be reached: the certificate of the server is refused: "


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for ``localhost`` and its key."""
    return write_certificate(tmp_path_factory.mktemp("tls") / "certificate.pem")


@pytest.fixture
def database(postgres: Postgres, template: str) -> Iterator[str]:
    """Return the name of a prepared database."""
    with own_database(postgres, template=template) as url:
        yield url.rpartition("/")[2]


@pytest.fixture
async def tls_port(postgres: Postgres, certificate: Path) -> AsyncIterator[int]:
    """Return a port on which the server takes TLS."""
    async with tls_before(postgres.port, certificate, asked_for=True) as port:
        yield port


@pytest.fixture(autouse=True)
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the process a home without certificates."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=require",
        "sslmode=verify-ca&sslrootcert={}",
        "sslmode=verify-full&sslrootcert={}&ssl_min_protocol_version=TLSv1.3",
        "sslmode=verify-full&sslrootcert={}&sslcert={}&connect_timeout=5&application_name=zz",
    ],
)
async def test_trusted_servers(query: str, database: str, tls_port: int, certificate: Path) -> None:
    """A server is used if the URL asks for no check, or names the certificate that the server has."""
    query = query.replace("{}", str(certificate))
    store = SqlStore(f"postgresql://postgres:hunter@localhost:{tls_port}/{database}?{query}", OPTIONS)
    await store.prepare()
    await store.open()
    await store.check()
    await store.close()


@pytest.mark.parametrize(
    ("host", "query", "fault"),
    [
        ("localhost", "sslmode=verify-full&sslrootcert=system", f"{REFUSED}self-signed certificate"),
        ("localhost", "sslmode=require&sslrootcert={other}", f"{REFUSED}self-signed certificate"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={own}", f"{REFUSED}IP address mismatch"),
        ("localhost", "sslmode=verify-full", "KEYTURN_DATABASE_URL: sslmode=verify-full needs a root certificate; add"),
        ("localhost", "sslmode=verify-ca&sslrootcert={missing}", "which cannot be read: No such file or directory"),
    ],
)
async def test_other_servers(  # noqa: PLR0917  # pytest gives them by name
    host: str, query: str, fault: str, tls_port: int, certificate: Path, tmp_path: Path
) -> None:
    """Any other server is refused, with the sentence of the TLS library or the name of the parameter, and without the
    password.
    """
    other, missing = write_certificate(tmp_path / "other.pem"), tmp_path / "missing.pem"
    query = query.format(own=certificate, other=other, missing=missing)
    store = SqlStore(f"postgresql://postgres:hunter@{host}:{tls_port}/keyturn?{query}", OPTIONS)
    for act in (store.prepare, store.open):
        with pytest.raises((ConfigurationError, StoreUnavailable)) as refused:
            await act()
        assert fault in str(refused.value)
        assert "hunter" not in str(refused.value)
    await store.close()


async def test_a_server_without_tls_is_refused(postgres: Postgres) -> None:
    """A server that has no TLS is refused if the URL asks for it."""
    store = SqlStore(f"{postgres.url('postgres')}?sslmode=require", OPTIONS)
    with pytest.raises(StoreUnavailable, match="rejected SSL upgrade"):
        await store.prepare()
    await store.close()
