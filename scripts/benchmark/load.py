"""The process that drives a server: short bursts of requests and, while a limit is measured, as much other work.

Its functions run in a process of their own (``cores.process_on``), which keeps the lines and their connections.
"""

import asyncio
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from . import client, cores
from .traffic import Traffic

_ANSWER_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
_ANSWER: Final = b'{"access_token":"' + 800 * b"x" + b'","token_type":"Bearer","refresh_token":"' + 91 * b"x" + b'"}'
_SPIN_STEPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server under measurement."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What a burst cost the server, in CPU seconds a request, and what the client saw, in seconds.

    ``client_share`` is the part of its core that the client used.
    """

    cpu: float
    main_thread_cpu: float
    per_second: float
    latencies: list[float] = field(repr=False)
    client_share: float


class _Line:
    """One kind of traffic to one server."""

    def __init__(self, server: Server, traffic: Traffic, connections: int) -> None:
        self._server = server
        self._traffic = traffic
        self._width = connections
        self._connections: list[client.Connection] = []
        self._latencies: list[float] = []

    async def burst(self, seconds: float) -> Burst:
        """Send requests for ``seconds`` on all connections, each as soon as the one before is answered."""
        while len(self._connections) < self._width:
            self._connections.append(await client.Connection.open(self._server.port))
        self._latencies = []
        pid = self._server.pid
        used, main, own = cores.family_seconds(pid), cores.main_thread_seconds(pid), time.process_time()
        start = time.perf_counter()
        await asyncio.gather(*(self._drive(each, start + seconds) for each in self._connections))
        took, requests = time.perf_counter() - start, len(self._latencies)
        return Burst(
            cpu=(cores.family_seconds(pid) - used) / requests,
            main_thread_cpu=(cores.main_thread_seconds(pid) - main) / requests,
            per_second=requests / took,
            latencies=self._latencies,
            client_share=(time.process_time() - own) / took,
        )

    async def _drive(self, connection: client.Connection, until: float) -> None:
        sent = time.perf_counter()
        while sent < until:
            body = await connection.ask(self._traffic.next_request())
            answered = time.perf_counter()
            self._latencies.append(answered - sent)
            self._traffic.answered(body)
            sent = answered


_lines: Final[dict[str, _Line]] = {}


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def open_line(name: str, server: Server, traffic: Traffic, connections: int) -> None:
    """Prepare to send ``traffic`` to ``server``."""
    _lines[name] = _Line(server, traffic, connections)


def burst(name: str, seconds: float) -> Burst:
    """Drive the server of the line ``name`` for ``seconds``."""
    return _runner().run(_lines[name].burst(seconds))


def ask(server: Server, request: bytes, times: int = 1) -> list[bytes]:
    """Return the bodies of the answers to ``request``, sent so many times, a few at once."""

    async def ask_in_turn(count: int) -> list[bytes]:
        connection = await client.Connection.open(server.port)
        return [await connection.ask(request) for _ in range(count)]

    async def ask_all() -> list[bytes]:
        parts = await asyncio.gather(*(ask_in_turn((times + each) // 4) for each in range(4)))
        return [body for part in parts for body in part]

    return _runner().run(ask_all())


def spin(seconds: float, share: float) -> None:
    """Do the client's own kind of work for ``seconds``, on ``share`` of the core."""
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        for _ in range(_SPIN_STEPS):
            client.post("/auth/refresh", refresh_token=client.members(_ANSWER)["refresh_token"])
            client.content_length(_ANSWER_HEAD)
        time.sleep((time.perf_counter() - start) * (1 - share) / share)
