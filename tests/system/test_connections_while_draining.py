"""Connections that arrive while the listening socket closes. All run in one thread, so the order is fixed."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest
from aiohttp import web

from app.adapters.http.server.runner import Runner
from app.service.application import create_application
from app.service.settings import Settings

_SOME: Final = 20
_MANY: Final = 300
_TIMEOUT_SECONDS: Final = 5.0
_REQUEST: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\nConnection: close\r\n\r\n"


class _Clients:
    """Clients that connect and send without waiting for the event loop."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def connect(self, port: int) -> None:
        """Connect once more and send a request."""
        self._sockets.append(socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS))
        self._sockets[-1].sendall(_REQUEST)

    async def connect_until_refused(self, port: int) -> None:
        """Connect once in each round of the event loop, until a connection is refused."""
        for _ in range(_MANY):
            try:
                self.connect(port)
            except ConnectionRefusedError:
                return
            except TimeoutError:
                break
            await asyncio.sleep(0)
        pytest.fail("the service still accepts connections")

    async def unanswered(self) -> int:
        """Return how many of the clients got no complete answer."""
        assert self._sockets
        answers = [await _answer(client) for client in self._sockets]
        return sum(not (answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"}")) for answer in answers)

    def close(self) -> None:
        """Close all connections."""
        for client in self._sockets:
            client.close()


class _BusySite(web.TCPSite):
    """A site to which clients connect just before it closes. The event loop has not seen them."""

    def __init__(self, runner: Runner, clients: _Clients) -> None:
        super().__init__(runner, "127.0.0.1", 0)
        self._clients = clients

    async def stop(self) -> None:
        for _ in range(_SOME):
            self._clients.connect(self.port)
        await super().stop()


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    """Return a runner of the service after its setup."""
    settings = Settings(port=0, password_hash_memory=8_192, password_hash_iterations=1)
    runner = Runner(create_application(settings), shutdown_timeout=5, access_log=False)
    await runner.setup()
    yield runner
    await runner.cleanup()


@pytest.fixture
def clients() -> Iterator[_Clients]:
    """Return clients that are closed at the end."""
    clients = _Clients()
    yield clients
    clients.close()


async def test_accepted_connections_are_served(runner: Runner, clients: _Clients) -> None:
    """When the listening socket closes, every connection that the kernel accepted gets its complete answer."""
    await _BusySite(runner, clients).start()
    await runner.drain()
    assert await clients.unanswered() == 0


@pytest.mark.parametrize("rounds", range(10, 14))
async def test_connections_are_served_or_refused(runner: Runner, clients: _Clients, rounds: int) -> None:
    """While clients keep connecting, each one either gets a complete answer or is refused, whatever the event loop does
    next.
    """
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    connecting = asyncio.create_task(clients.connect_until_refused(site.port))
    for _ in range(rounds):
        await asyncio.sleep(0)
    await runner.drain()
    await connecting
    assert await clients.unanswered() == 0


async def _answer(client: socket.socket) -> bytes:
    """Return everything that the service sends, or ``b""`` if it cuts the connection or sends nothing in time."""
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return await reader.read()
    except (ConnectionResetError, TimeoutError):
        return b""
    finally:
        writer.close()
