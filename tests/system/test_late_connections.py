"""Connections that come while the listening socket is being closed."""

import asyncio
import socket
from typing import Final

from aiohttp import web

from app.adapters.http.runner import Runner
from app.application import create_application
from app.settings import Settings

_CONNECTIONS: Final = 20
_REQUEST: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\n\r\n"


class _BusySite(web.TCPSite):
    """A site at which connections arrive, requests and all, just before it closes: the event loop has not seen them."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner, "127.0.0.1", 0)
        self.late: list[socket.socket] = []

    async def stop(self) -> None:
        for _ in range(_CONNECTIONS):
            self.late.append(socket.create_connection(("127.0.0.1", self.port)))
            self.late[-1].sendall(_REQUEST)
        await super().stop()


async def test_what_the_kernel_accepted_is_served() -> None:
    """Closing the listening socket resets no connection that it has accepted: each gets its whole answer."""
    settings = Settings(port=0, password_hash_memory=8_192, password_hash_iterations=1)
    runner = Runner(create_application(settings), shutdown_timeout=5, access_log=False)
    await runner.setup()
    site = _BusySite(runner)
    try:
        await site.start()
        await runner.drain()
        answers = [await _answer(late) for late in site.late]
    finally:
        await runner.cleanup()
    assert len(answers) == _CONNECTIONS
    assert all(answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"}") for answer in answers)


async def _answer(client: socket.socket) -> bytes:
    """Return all that is sent until the service closes the connection, b"" if it cuts it."""
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
