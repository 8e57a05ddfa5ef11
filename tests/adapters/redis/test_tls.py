"""TLS, a user, a password and a number of a database, all at once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.servers.tls import tls_before, write_certificate
from tests.servers.valkey import Valkey, running_valkey

from .conftest import OpenStore

REFUSED: Final = "the certificate of the server is refused: "


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """Return a server with a user ``keyturn``."""
    with running_valkey(tmp_path / "valkey") as server:
        server.execute("ACL", "SETUSER", "keyturn", "on", ">a:pass@word", "~keyturn:*", "&keyturn:*", "+@all")
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a certificate for ``localhost`` and its key."""
    return write_certificate(tmp_path / "certificate.pem")


@pytest.fixture
async def tls_port(server: Valkey, certificate: Path) -> AsyncIterator[int]:
    """Return a port that takes TLS and passes everything on to the server."""
    async with tls_before(server.port, certificate) as port:
        yield port


async def test_the_shared_connection_is_signed_in_and_encrypted(
    server: Valkey, tls_port: int, certificate: Path, open_store: OpenStore
) -> None:
    """All calls of a store go through TLS, as the user and in the database that its URL names."""
    url = f"rediss://keyturn:a%3Apass%40word@localhost:{tls_port}/3?ssl_ca_certs={certificate}"
    store = await open_store(url)
    session = new_session()
    await store.sessions.add(session)
    found = await asyncio.gather(*(store.sessions.find(session.session_id) for _ in range(40)))
    assert found == [session] * 40
    assert await advance(store.sessions, session) is True
    assert await store.sessions.find(session.session_id) == rotated(session)
    assert server.execute("INFO", "keyspace").keys() == {"db3"}


@pytest.mark.parametrize(
    ("host", "query", "fault"),
    [
        ("localhost", "", f"{REFUSED}self-signed certificate"),
        (
            "127.0.0.1",
            "?ssl_ca_certs={}",
            f"{REFUSED}IP address mismatch, certificate is not",
        ),
    ],
)
async def test_a_wrong_certificate_is_refused(  # noqa: PLR0917  # pytest gives them by name
    host: str, query: str, fault: str, tls_port: int, certificate: Path, open_store: OpenStore
) -> None:
    """A store does not connect to a server whose certificate nobody vouches for, or is for another name. The error has
    the sentence of the TLS library, and not the password.
    """
    url = f"rediss://keyturn:a%3Apass%40word@{host}:{tls_port}/3{query.format(certificate)}"
    with pytest.raises(StoreUnavailable, match=fault) as refused:
        await open_store(url, StoreOptions(timeout=5.0))
    assert "pass" not in str(refused.value)
