"""The client's process. It sends short bursts of requests to a server. While a limit is measured, it does as much other
work.

The functions run in a process of their own (``cores.process_on``), which keeps the connections.
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

_SETTLING_SECONDS: Final = 0.002
"""After the last answer the server goes on for a moment. The kernel counts its time when it has stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A measured server.

    ``sessions`` are the numbers of the sessions that it began with. ``database`` is the process and the name of a
    database on PostgreSQL, if the CPU time of its backends counts too.
    """

    pid: int
    port: int
    sessions: range = range(0)
    database: tuple[int, str] | None = None

    def cpu_seconds(self) -> float:
        """Return the CPU time of the server until now, in seconds."""
        used = cores.process_tree_seconds(self.pid)
        return used if self.database is None else used + cores.backend_seconds(*self.database)


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The CPU seconds of a burst per request, and the latencies that the client saw, in seconds.

    ``client_share`` is the share of its core that the client used.
    """

    cpu: float
    main_thread_cpu: float
    per_second: float
    latencies: list[float] = field(repr=False)
    client_share: float

    def percentile(self, percent: int) -> float:
        """Return this percentile of the latencies, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]


class _Line:
    """One kind of requests to one server."""

    def __init__(self, server: Server, traffic: Traffic, connections: int) -> None:
        self._server = server
        self._traffic = traffic
        self._width = connections
        self._connections: list[client.Connection] = []
        self._latencies: list[float] = []

    async def burst(self, seconds: float) -> Burst:
        """Send requests for ``seconds`` on all connections. Each connection sends the next one after an answer."""
        while len(self._connections) < self._width:
            self._connections.append(await client.Connection.open(self._server.port))
        self._latencies = []
        pid = self._server.pid
        used, main, own = self._server.cpu_seconds(), cores.main_thread_seconds(pid), time.process_time()
        start = time.perf_counter()
        await asyncio.gather(*(self._drive(each, start + seconds) for each in self._connections))
        took, requests = time.perf_counter() - start, len(self._latencies)
        busy = time.process_time() - own
        await asyncio.sleep(_SETTLING_SECONDS)
        return Burst(
            cpu=(self._server.cpu_seconds() - used) / requests,
            main_thread_cpu=(cores.main_thread_seconds(pid) - main) / requests,
            per_second=requests / took,
            latencies=self._latencies,
            client_share=busy / took,
        )

    async def _drive(self, connection: client.Connection, until: float) -> None:
        """Send requests, at least one: on a busy machine a short burst can be over before it began."""
        sent = time.perf_counter()
        while True:
            body = await connection.ask(self._traffic.next_request())
            answered = time.perf_counter()
            self._latencies.append(answered - sent)
            self._traffic.handle_answer(body)
            if answered >= until:
                return
            sent = answered


_lines: Final[dict[str, _Line]] = {}


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()


def open_line(name: str, server: Server, traffic: Traffic, connections: int) -> None:
    """Prepare to send ``traffic`` to ``server``."""
    _lines[name] = _Line(server, traffic, connections)


def burst(name: str, seconds: float) -> Burst:
    """Send a burst of ``seconds`` on the line ``name``."""
    return _runner().run(_lines[name].burst(seconds))


def burst_beside(name: str, other: str, seconds: float) -> Burst:
    """Send bursts of ``seconds`` on both lines at once. Return the burst on the line ``name``."""

    async def both() -> Burst:
        found, _ = await asyncio.gather(_lines[name].burst(seconds), _lines[other].burst(seconds))
        return found

    return _runner().run(both())


def ask(server: Server, request: bytes, times: int = 1) -> list[bytes]:
    """Send ``request`` several times, on four connections. Return the bodies of the answers."""

    async def ask_in_turn(count: int) -> list[bytes]:
        connection = await client.Connection.open(server.port)
        return [await connection.ask(request) for _ in range(count)]

    async def ask_all() -> list[bytes]:
        parts = await asyncio.gather(*(ask_in_turn((times + each) // 4) for each in range(4)))
        return [body for part in parts for body in part]

    return _runner().run(ask_all())


def spin(seconds: float, share: float) -> None:
    """Do the same kind of work as a client for ``seconds``, on ``share`` of the core."""
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        for _ in range(_SPIN_STEPS):
            client.post("/auth/refresh", refresh_token=client.parse_object(_ANSWER)["refresh_token"])
            client.content_length(_ANSWER_HEAD)
        time.sleep((time.perf_counter() - start) * (1 - share) / share)
