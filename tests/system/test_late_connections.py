"""Connections that come while the listening socket is being closed, all from one thread: nothing is left to luck."""

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
_PATIENCE_SECONDS: Final = 5.0
_REQUEST: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\nConnection: close\r\n\r\n"


class _Clients:
    """Clients that connect and send, without waiting for the event loop to notice them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []

    def connect(self, port: int) -> None:
        """Connect one more, and send its request."""
        self._sockets.append(socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS))
        self._sockets[-1].sendall(_REQUEST)

    async def connect_until_refused(self, port: int) -> None:
        """Connect one more each time that the event loop goes round."""
        for _ in range(_MANY):
            try:
                self.connect(port)
            except ConnectionRefusedError:
                return
            except TimeoutError:
                break
            await asyncio.sleep(0)
        pytest.fail("it goes on listening, as long as clients come")

    async def unanswered(self) -> int:
        """Return how many have got no whole answer, out of at least one."""
        assert self._sockets
        answers = [await _answer(client) for client in self._sockets]
        return sum(not (answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"}")) for answer in answers)

    def close(self) -> None:
        """Leave."""
        for client in self._sockets:
            client.close()


class _BusySite(web.TCPSite):
    """A site at which clients come just before it closes: the event loop has seen none of them."""

    def __init__(self, runner: Runner, clients: _Clients) -> None:
        super().__init__(runner, "127.0.0.1", 0)
        self._clients = clients

    async def stop(self) -> None:
        for _ in range(_SOME):
            self._clients.connect(self.port)
        await super().stop()


@pytest.fixture
async def runner() -> AsyncIterator[Runner]:
    """Return a runner of the service, set up."""
    settings = Settings(port=0, password_hash_memory=8_192, password_hash_iterations=1)
    runner = Runner(create_application(settings), shutdown_timeout=5, access_log=False)
    await runner.setup()
    yield runner
    await runner.cleanup()


@pytest.fixture
def clients() -> Iterator[_Clients]:
    """Return clients that leave in the end."""
    clients = _Clients()
    yield clients
    clients.close()


async def test_what_the_kernel_accepted_is_served(runner: Runner, clients: _Clients) -> None:
    """Closing the listening socket resets no connection that it has accepted: each gets its whole answer."""
    await _BusySite(runner, clients).start()
    await runner.drain()
    assert await clients.unanswered() == 0


@pytest.mark.parametrize("rounds", range(10, 14))
async def test_who_is_not_served_is_refused(runner: Runner, clients: _Clients, rounds: int) -> None:
    """Clients come all the time: whoever can connect gets a whole answer, and soon nobody can; whatever the event loop
    was about to do.
    """
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    coming = asyncio.create_task(clients.connect_until_refused(site.port))
    for _ in range(rounds):
        await asyncio.sleep(0)
    await runner.drain()
    await coming
    assert await clients.unanswered() == 0


async def _answer(client: socket.socket) -> bytes:
    """Return all that is sent until the service closes the connection, b"" if it cuts it or says nothing."""
    reader, writer = await asyncio.open_connection(sock=client)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await reader.read()
    except (ConnectionResetError, TimeoutError):
        return b""
    finally:
        writer.close()
