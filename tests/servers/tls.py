"""TLS before a server that has none: the servers of the wheels are built without it."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_REQUEST_LENGTH: Final = 8
"""The bytes with which a client of PostgreSQL asks for TLS."""


def write_certificate(file: Path) -> Path:
    """Write a certificate for ``localhost`` that signs itself, and its key, to a file; return the file."""
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
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file


@asynccontextmanager
async def tls_before(port: int, certificate: Path, *, asked_for: bool = False) -> AsyncIterator[int]:
    """Yield a port that takes TLS and passes everything on to ``port``. If ``asked_for``, a client begins without TLS
    and asks for it, as in PostgreSQL.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    carried: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked_for:
            await reader.readexactly(_REQUEST_LENGTH)
            writer.write(b"S")
            try:
                await writer.start_tls(context)
            except (OSError, ssl.SSLError):
                writer.close()
                return
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        for source, target in ((reader, to_server), (from_server, writer)):
            carried.add(asyncio.create_task(_carry(source, target)))

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=None if asked_for else context)
    yield listener.sockets[0].getsockname()[1]
    listener.close()
    for task in carried:
        task.cancel()
    await asyncio.gather(*carried, return_exceptions=True)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while received := await source.read(65_536):
            target.write(received)
            await target.drain()
    except OSError:
        pass
    finally:
        target.close()
