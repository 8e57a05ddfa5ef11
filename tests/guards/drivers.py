"""Guarded applications on real servers, each in a process of its own, and requests of any bytes to them."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.servers.ports import free_port

ROOT: Final = Path(__file__).parents[2]
_SECONDS: Final = 60.0
"""A process may start slowly on a busy machine."""


_UPGRADE: Final = (
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
_OK, _SWITCHING = 200, 101


class Adapter(NamedTuple):
    """A server and a framework. ``sockets`` is the status of a WebSocket that is refused; 0 if it has none.

    ``has_streams`` says whether ``/echo`` and ``/stream`` last while the token is valid. ``joins_headers`` says that an
    application cannot tell two headers from one with a comma (PEP 3333).
    """

    server: str
    framework: str
    sockets: int = 401
    has_streams: bool = True
    joins_headers: bool = False

    def __str__(self) -> str:
        return f"{self.framework}-{self.server}"


ADAPTERS: Final = (
    Adapter("aiohttp", "aiohttp"),
    Adapter("uvicorn", "starlette"),
    Adapter("uvicorn", "fastapi"),
    Adapter("uvicorn", "litestar"),
    Adapter("uvicorn", "quart"),
    Adapter("hypercorn", "starlette"),
    Adapter("hypercorn", "quart"),
    Adapter("uvicorn", "mcp", sockets=0, has_streams=False),
    Adapter("uvicorn", "fastmcp", sockets=0, has_streams=False),
    Adapter("gunicorn", "plain", sockets=0, has_streams=False, joins_headers=True),
    Adapter("gunicorn", "flask", sockets=0, has_streams=False, joins_headers=True),
    Adapter("gunicorn", "django", sockets=0, has_streams=False, joins_headers=True),
    Adapter("uvicorn", "django_asgi", sockets=0, has_streams=False, joins_headers=True),
)


class Reply(NamedTuple):
    """A response. ``challenge`` is its ``WWW-Authenticate``."""

    status: int
    challenge: str
    media_type: str
    body: bytes


class Driver:
    """Sends requests to a running application."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def ask(self, target: bytes, headers: Sequence[bytes] = (), method: bytes = b"GET") -> Reply:
        """Send one request and return its response. Status 0 means that the server closed without one."""
        lines = (method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *headers, b"Connection: close", b"", b"")
        return await self._exchange(b"\r\n".join(lines))

    async def open_socket(self, target: bytes, headers: Sequence[bytes] = ()) -> Reply:
        """Send the handshake of a WebSocket and return its response."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = (b"GET " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *headers, *_UPGRADE, b"", b"")
        try:
            writer.write(b"\r\n".join(lines))
            async with asyncio.timeout(_SECONDS):
                return _parse(await reader.readuntil(b"\r\n\r\n"))
        finally:
            writer.close()

    @asynccontextmanager
    async def held(
        self, target: bytes, headers: Sequence[bytes] = (), *, socket: bool
    ) -> AsyncIterator[asyncio.StreamReader]:
        """Hold a WebSocket or a stream open, and yield the reader after the head of the response."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = (b"GET " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *headers, *(_UPGRADE if socket else ()), b"", b"")
        try:
            writer.write(b"\r\n".join(lines))
            async with asyncio.timeout(_SECONDS):
                head = _parse(await reader.readuntil(b"\r\n\r\n"))
            assert head.status == (_SWITCHING if socket else _OK), head
            yield reader
        finally:
            writer.close()

    async def wait_until_it_listens(self) -> None:
        """Return when the server accepts connections."""
        async with asyncio.timeout(_SECONDS):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self._port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    async def _exchange(self, request: bytes) -> Reply:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(request)
            async with asyncio.timeout(_SECONDS):
                return _parse(await reader.read())
        except ConnectionError:
            return Reply(0, "", "", b"")
        finally:
            writer.close()


@asynccontextmanager
async def running(adapter: Adapter, issuer: str, *options: str) -> AsyncIterator[Driver]:
    """Run an application whose guard follows ``issuer``. It must end within some seconds after SIGTERM."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "tests.guards.serve",
        adapter.server,
        adapter.framework,
        issuer,
        str(port),
        *options,
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        driver = Driver(port)
        await driver.wait_until_it_listens()
        yield driver
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(_SECONDS):
            await process.wait()


def _parse(response: bytes) -> Reply:
    head, _, body = response.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1]) if first.startswith("HTTP/1.") else 0
    return Reply(status, headers.get("www-authenticate", ""), headers.get("content-type", ""), body)
