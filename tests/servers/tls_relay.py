"""A port that takes TLS and passes everything on to a server without it: the Valkey of the wheel has none."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class TlsRelay:
    """Passes on the bytes of both sides. Clients connect to ``port``."""

    def __init__(self, server_port: int, context: ssl.SSLContext) -> None:
        self.port = 0
        self.ready = threading.Event()
        self._server_port = server_port
        self._context = context
        self._carried: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Relay until the end."""
        self._loop = asyncio.get_running_loop()
        listener = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._context)
        self.port = listener.sockets[0].getsockname()[1]
        self.ready.set()
        await self._over.wait()
        listener.close()
        for task in self._carried:
            task.cancel()
        await asyncio.gather(*self._carried, return_exceptions=True)

    def end(self) -> None:
        """Stop the relay. Another thread calls this."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._over.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
            for source, target in ((reader, to_server), (from_server, writer)):
                self._carried.add(asyncio.create_task(_carry(source, target)))


@contextmanager
def relaying_tls(server_port: int, *, chain: Path, key: Path) -> Iterator[int]:
    """Yield the port. ``chain`` and ``key`` are the certificate and its key, in PEM."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    relay = TlsRelay(server_port, context)
    thread = threading.Thread(target=lambda: asyncio.run(relay.run()))
    thread.start()
    relay.ready.wait()
    try:
        yield relay.port
    finally:
        relay.end()
        thread.join()


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while received := await source.read(65_536):
            target.write(received)
            await target.drain()
    target.close()
