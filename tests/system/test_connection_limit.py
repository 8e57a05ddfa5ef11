"""The limit of connections from one address, with real sockets."""

import asyncio
import re
import socket
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest

from app.adapters.http.requests.client_address import Network
from app.adapters.http.server.binding import bind
from app.adapters.http.server.connection_limit import ConnectionLimit
from app.adapters.http.server.listening import stop_listening
from app.adapters.http.server.runner import Runner
from app.adapters.telemetry.null import NullTelemetry
from app.service.application import create_application
from app.service.settings import Settings

from .processes import SERVE, TIMEOUT_SECONDS, Service, running
from .worker_processes import running_workers

_REQUEST: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\n\r\n"
_SHARE: Final = 5
GREEDY, OTHER = "127.0.0.2", "127.0.0.3"


class _CountedRefusals(NullTelemetry):
    """Counts refused connections."""

    refused = 0

    def connection_refused(self) -> None:
        self.refused += 1


def connect(service: Service, address: str) -> socket.socket:
    """Connect to the service from an address of this machine."""
    return socket.create_connection(("127.0.0.1", service.port), TIMEOUT_SECONDS, source_address=(address, 0))


def is_served(connection: socket.socket) -> bool:
    """Send a request; return whether an answer comes. A refused connection is closed or reset."""
    try:
        connection.sendall(_REQUEST)
        return connection.recv(4_096).startswith(b"HTTP/1.1 200 OK")
    except ConnectionError:
        return False


@contextmanager
def connections(service: Service, address: str, count: int) -> Iterator[list[socket.socket]]:
    """Yield ``count`` connections from one address, and close them at the end."""
    with ExitStack() as closing:
        yield [closing.enter_context(connect(service, address)) for _ in range(count)]


@asynccontextmanager
async def limited(
    share: int, *, trusted: tuple[Network, ...] = (), now: float = 0.0
) -> AsyncIterator[tuple[Runner, ConnectionLimit, _CountedRefusals, int]]:
    """Run the service in this process. Yield its runner, its limit, the refusals that it counts, and its port."""
    telemetry = _CountedRefusals()
    limit = ConnectionLimit(share, trusted=trusted, telemetry=telemetry, now=lambda: now)
    app = create_application(Settings(password_hash_memory=8_192, password_hash_iterations=1))
    runner = Runner(app, shutdown_timeout=5, access_log=False, limit=limit)
    await runner.setup()
    try:
        [listening] = await bind("127.0.0.1", 0)
        await runner.listen([listening])
        yield runner, limit, telemetry, listening.getsockname()[1]
    finally:
        await runner.cleanup()


Connect = Callable[[int, str], Awaitable[asyncio.StreamWriter | None]]


@pytest.fixture
async def answered() -> AsyncIterator[Connect]:
    """Return a function that connects to a port and sends a request. It returns the connection if an answer comes, else
    ``None``.
    """
    writers: list[asyncio.StreamWriter] = []

    async def answered(port: int, address: str) -> asyncio.StreamWriter | None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writers.append(writer)
        try:
            writer.write(_REQUEST)
            answer = await asyncio.wait_for(reader.read(4_096), TIMEOUT_SECONDS)
        except ConnectionError:
            return None
        return writer if answer.startswith(b"HTTP/1.1 200 OK") else None

    yield answered
    for each in writers:
        each.close()
        with suppress(ConnectionError):
            await each.wait_closed()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_one_address_cannot_hold_all_connections(tmp_path: Path, workers: str) -> None:
    """An address holds its share of connections to each worker, more are closed, and another address is served."""
    settings = {"CONNECTIONS_PER_ADDRESS": str(_SHARE), "WORKERS": workers, "METRICS_PORT": "0"}
    most = _SHARE * int(workers)
    with running_workers(tmp_path, settings) as service:
        metrics = service.wait_for_log(r'"url": ?"([^"]+/metrics)"')
        with connections(service, GREEDY, most + 20) as greedy:
            served = [is_served(each) for each in greedy]
            assert _SHARE <= sum(served) <= most
            if workers == "1":
                assert served == [True] * _SHARE + [False] * 20
            with connections(service, OTHER, _SHARE) as others:
                assert all(is_served(each) for each in others)
            refused = re.search(r"(?m)^keyturn_connections_refused_total (\S+)", _read(metrics))
            assert refused is not None
            assert float(refused[1]) == len(served) - sum(served)
        lines = [line for line in service.log().splitlines() if "connections are refused" in line]
        assert 1 <= len(lines) <= int(workers)
        assert all(GREEDY in line for line in lines)


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # our own URL
        return str(answer.read(), "utf-8")


def test_page_of_metrics_has_the_same_limit(tmp_path: Path) -> None:
    """Connections to the port of the metrics count too, so that they cannot use up the descriptors either."""
    with running(tmp_path, {"CONNECTIONS_PER_ADDRESS": str(_SHARE), "METRICS_PORT": "0"}) as service:
        port = int(service.wait_for_log(r'"url": ?"[^"]+:(\d+)/metrics"'))
        with ExitStack() as closing:
            for _ in range(_SHARE):
                address = ("127.0.0.1", port)
                held = socket.create_connection(address, TIMEOUT_SECONDS, source_address=(GREEDY, 0))
                closing.enter_context(held).sendall(b"GET")
            late = closing.enter_context(socket.create_connection(address, TIMEOUT_SECONDS, source_address=(GREEDY, 0)))
            assert late.recv(1) == b""
            with connect(service, GREEDY) as other_port, connect(service, OTHER) as other_address:
                assert not is_served(other_port)
                assert is_served(other_address)


def test_default_is_half_of_the_descriptors(tmp_path: Path) -> None:
    """Without the setting, a process that may open 64 files gives one address 32 of them, and serves others."""
    command = ("bash", "-c", 'ulimit -n 64 && exec "$0" "$@"', *SERVE)
    with running(tmp_path, command=command) as service, connections(service, GREEDY, 60) as greedy:
        assert [is_served(each) for each in greedy] == [True] * 32 + [False] * 28
        with connect(service, OTHER) as other:
            assert is_served(other)


async def test_closed_connection_makes_room(answered: Connect) -> None:
    """When a client disconnects, its address can connect once more; what ended does not count for ever."""
    async with limited(2) as (_, limit, telemetry, port):
        for _ in range(5):
            first, second = await answered(port, GREEDY), await answered(port, GREEDY)
            assert first is not None
            assert second is not None
            assert await answered(port, GREEDY) is None
            for each in (first, second):
                each.close()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while limit.open_connections:  # noqa: ASYNC110  # the server closes its end a little later
                    await asyncio.sleep(0)
        assert telemetry.refused == 5


async def test_trusted_proxies_have_no_limit(answered: Connect) -> None:
    """A trusted proxy brings the connections of all its clients, so they are not counted."""
    async with limited(1, trusted=(ip_network(GREEDY),)) as (_, limit, telemetry, port):
        held = [await answered(port, GREEDY) for _ in range(10)]
        assert None not in held
        assert (limit.open_connections, telemetry.refused) == (0, 0)
        assert await answered(port, OTHER) is not None
        assert await answered(port, OTHER) is None


async def test_limit_holds_while_the_socket_closes() -> None:
    """The connections that the kernel still holds when listening ends are limited, too."""
    async with limited(_SHARE) as (runner, limit, telemetry, port):
        clients = [socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS) for _ in range(_SHARE + 10)]
        server = runner.server
        assert server is not None
        for site in runner.sites:
            await stop_listening(site, server, limit)
        assert limit.open_connections == _SHARE
        assert telemetry.refused == 10
        for each in clients:
            each.close()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "2002:c000:201::1", True),
    ],
)
def test_addresses_are_counted_by_network(one: str, other: str, same: bool) -> None:  # noqa: FBT001  # a case
    """An IPv6 address counts as its /64, and an address of a tunnel as the IPv4 address inside it."""
    telemetry = _CountedRefusals()
    limit = ConnectionLimit(1, trusted=(), telemetry=telemetry)
    ours, theirs = socket.socketpair()
    with theirs, limit.admit(ours, (one, 1)):
        ours, more = socket.socketpair()
        with more:
            try:
                limit.admit(ours, (other, 1)).close()
            except ConnectionAbortedError:
                assert ours.fileno() == -1
    assert telemetry.refused == int(same)
    assert limit.open_connections == 0


def test_refusals_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """However many connections are refused, a line a minute says how many, and names one network."""
    seconds = iter([0.0, 0.0, *[59.0] * 3, 60.0, 60.0])
    limit = ConnectionLimit(1, trusted=(), telemetry=NullTelemetry(), now=lambda: next(seconds))
    held, peer = socket.socketpair()
    with peer, limit.admit(held, (GREEDY, 1)):
        for _ in range(5):
            refused, other = socket.socketpair()
            with other, pytest.raises(ConnectionAbortedError):
                limit.admit(refused, (GREEDY, 1))
    assert [each.__dict__["fields"]["refused"] for each in caplog.records] == [1, 4]
