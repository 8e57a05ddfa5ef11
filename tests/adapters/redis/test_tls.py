"""TLS, a user, a password and a number of a database, all at once."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Valkey, running_valkey

from .conftest import OpenStore


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """Return a server with a user ``keyturn``."""
    with running_valkey(tmp_path / "valkey") as server:
        server.execute("ACL", "SETUSER", "keyturn", "on", ">a:pass@word", "~keyturn:*", "&keyturn:*", "+@all")
        yield server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a file with a certificate for ``localhost`` and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
async def tls_port(server: Valkey, certificate: Path) -> AsyncIterator[int]:
    """Return a port that takes TLS and passes everything on to the server, because this build of it has no TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    carried: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", server.port)
        for source, target in ((reader, to_server), (from_server, writer)):
            carried.add(asyncio.create_task(_carry(source, target)))

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
    yield listener.sockets[0].getsockname()[1]
    listener.close()
    for task in carried:
        task.cancel()
    await asyncio.gather(*carried, return_exceptions=True)


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


async def test_an_unknown_certificate_is_refused(tls_port: int, open_store: OpenStore) -> None:
    """A store does not connect to a server whose certificate nobody vouches for."""
    with pytest.raises(StoreUnavailable):
        await open_store(f"rediss://keyturn:a%3Apass%40word@localhost:{tls_port}/3", StoreOptions(timeout=5.0))


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while received := await source.read(65_536):
            target.write(received)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
