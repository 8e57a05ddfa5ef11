"""The connection that all calls share: its order, its time limits and its end."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as NoReplyInTime

from app.adapters.redis.shared_connection import SharedConnection
from app.adapters.redis.shared_connections import SharedConnections
from app.adapters.redis.topology import SingleServer
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port
from tests.servers.valkey import Valkey, running_valkey

from .conftest import OpenStore

_PATIENT: Final = 20.0
_IMPATIENT: Final = 0.5
_SLACK_SECONDS: Final = 5.0


Connections = SharedConnections[SharedConnection]


def _itself(connection: SharedConnection) -> SharedConnection:
    return connection


class WrittenOnly(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


class Writer:
    """Stands for the writer of a stream."""

    def __init__(self) -> None:
        self.transport = WrittenOnly()


def without_server(*, timeout: float = _PATIENT) -> tuple[SharedConnection, WrittenOnly]:
    """Return a connection to nobody, and its transport."""
    writer = Writer()
    return SharedConnection(cast("Any", writer), timeout=timeout), writer.transport


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    """Return a server that only this test uses."""
    with running_valkey(tmp_path) as server:
        yield server


@pytest.fixture
async def client(server: Valkey) -> AsyncIterator[Redis]:
    """Return a client of redis-py that never retries."""
    topology = SingleServer.direct({"host": "127.0.0.1", "port": server.port, "socket_timeout": _PATIENT})
    yield topology.client_for("any")
    await topology.close()


@pytest.fixture
async def shared() -> AsyncIterator[Connections]:
    """Return the connections of a test."""
    connections = SharedConnections(_itself, timeout=_PATIENT)
    yield connections
    await connections.close()


async def test_commands_of_one_step_are_one_write() -> None:
    """A hundred calls that wait in the same step of the event loop are one write, in their order."""
    connection, transport = without_server()
    waiting = [connection.send(("ECHO", str(number))) for number in range(100)]
    await asyncio.sleep(0)
    [written] = transport.written
    assert written == b"".join(b"*2\r\n$4\r\nECHO\r\n$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(100))
    connection.data_received(b"".join(b":%d\r\n" % number for number in range(100)))
    assert await asyncio.gather(*waiting) == [*range(100)]


async def test_replies_arrive_in_pieces() -> None:
    """Replies that are cut anywhere go to the calls that wait for them."""
    connection, _ = without_server()
    waiting = [connection.send(("PING",)) for _ in range(3)]
    for byte in b"$3\r\none\r\n-NOSCRIPT No matching script.\r\n*2\r\n:1\r\n$-1\r\n":
        connection.data_received(bytes([byte]))
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert first == b"one"
    assert isinstance(second, NoScriptError)
    assert third == [1, None]


@pytest.mark.parametrize("received", [b"HTTP/1.1 400 Bad Request\r\n", b":1\r\n:2\r\n"], ids=["another", "too many"])
async def test_a_connection_that_receives_what_it_did_not_ask_for_is_closed(received: bytes) -> None:
    """Bytes that are no reply, or a reply to nothing, close the connection."""
    connection, transport = without_server()
    waiting = connection.send(("PING",))
    connection.data_received(received)
    assert transport.closed
    assert not connection.usable
    assert waiting.done()
    assert waiting.exception() is None or isinstance(waiting.exception(), ConnectionLost)


async def test_all_that_wait_fail_together() -> None:
    """When the connection breaks, every call that waits fails, and a late write reaches nobody."""
    connection, transport = without_server()
    waiting = [connection.send(("PING",)) for _ in range(10)]
    transport.closed = True
    connection.connection_lost(None)
    assert all(isinstance(each.exception(), ConnectionLost) for each in waiting)
    await asyncio.sleep(0)
    assert transport.written == []


async def test_a_late_reply_leaves_the_others_their_time() -> None:
    """After a call whose time is over the connection takes no more calls. Those that wait still get their replies, and
    then it is closed.
    """
    connection, transport = without_server()
    late, later = connection.send(("PING",)), connection.send(("PING",))
    connection._waiting[0] = (late, 0.0)
    connection._expire()
    assert isinstance(late.exception(), NoReplyInTime)
    assert not connection.usable
    assert not later.done()
    assert not transport.closed
    connection.data_received(b"+LATE\r\n+PONG\r\n")
    assert await later == b"PONG"
    assert transport.closed


async def test_a_connection_whose_calls_are_all_late_is_closed() -> None:
    """When the time of the last call is over, nobody waits for the connection any more."""
    connection, transport = without_server(timeout=0.0)
    late = [connection.send(("PING",)) for _ in range(3)]
    assert all(isinstance(each, NoReplyInTime) for each in await asyncio.gather(*late, return_exceptions=True))
    assert transport.closed


async def test_a_caller_that_goes_away_takes_nothing_from_the_others(client: Redis, shared: Connections) -> None:
    """Of many calls some are cancelled, and the others get their own replies on the same connection."""
    connection = await shared.open(client)
    waiting = [connection.send(("ECHO", str(number))) for number in range(50)]
    for each in waiting[::3]:
        each.cancel()
    replies = await asyncio.gather(*waiting, return_exceptions=True)
    assert [reply for reply in replies if isinstance(reply, bytes)] == [b"%d" % n for n in range(50) if n % 3]
    assert shared.find(client) is connection


async def test_an_error_belongs_to_one_command(client: Redis, shared: Connections) -> None:
    """A command that the server refuses leaves the connection to the others."""
    connection = await shared.open(client)
    refused, answered = connection.send(("NOSUCHCOMMAND",)), connection.send(("PING",))
    with pytest.raises(ResponseError):
        await refused
    assert await answered == b"PONG"
    assert shared.find(client) is connection


async def test_all_callers_open_one_connection(client: Redis, shared: Connections, server: Valkey) -> None:
    """Calls that start together share one connection, also after it was cut."""
    for _ in range(2):
        opened = await asyncio.gather(*(shared.open(client) for _ in range(20)))
        assert len(set(opened)) == 1
        waiting = opened[0].send(("BLPOP", "nothing", 0))
        while "cmd=blpop" not in str(server.execute("CLIENT", "LIST", "TYPE", "normal")):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        server.execute("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(ConnectionLost):
            await waiting
        assert shared.find(client) is None


async def test_nobody_can_connect(shared: Connections) -> None:
    """Callers that wait for a connection all get the error of the one attempt."""
    topology = SingleServer.direct({"host": "127.0.0.1", "port": free_port()})
    opened = await asyncio.gather(*(shared.open(topology.client_for("any")) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(each, ConnectionLost) for each in opened)
    await topology.close()


async def test_a_server_that_forgets_its_scripts(server: Valkey, open_store: OpenStore) -> None:
    """Many calls that the server does not know any more are each sent again in full."""
    store = await open_store(server.url)
    await store.sessions.add(new_session())
    assert await store.sessions.find(new_session().session_id) == new_session()
    server.execute("SCRIPT", "FLUSH")
    found = await asyncio.gather(*(store.sessions.find(new_session().session_id) for _ in range(30)))
    assert found == [new_session()] * 30


async def test_a_server_that_only_reads_is_left(server: Valkey, open_store: OpenStore) -> None:
    """After a failover the old server refuses writes. The store then connects again, to where the primary is now."""
    store = await open_store(server.url)
    session = new_session()
    await store.sessions.add(session)
    before = _clients(server)
    server.execute("REPLICAOF", "127.0.0.1", free_port())
    with pytest.raises(StoreUnavailable):
        await advance(store.sessions, session)
    server.execute("REPLICAOF", "NO", "ONE")
    assert await advance(store.sessions, session) is True
    assert _clients(server) - before, "the store should have connected again"
    assert await store.sessions.find(session.session_id) == rotated(session)


async def test_a_stopped_server_fails_each_call_at_its_own_time(server: Valkey, open_store: OpenStore) -> None:
    """A call that is made later waits longer, and no call waits longer than its time limit."""
    store = await open_store(server.url, StoreOptions(timeout=_IMPATIENT))
    await store.sessions.add(new_session())
    await store.sessions.find(new_session().session_id)
    with server.stopped():
        started = time.monotonic()
        first = asyncio.create_task(store.sessions.find(new_session().session_id))
        await asyncio.sleep(_IMPATIENT / 2)
        second = asyncio.create_task(store.sessions.find(new_session().session_id))
        await asyncio.wait({first})
        assert not second.done() or time.monotonic() - started > 1.5 * _IMPATIENT
        await asyncio.wait({second})
        assert 1.5 * _IMPATIENT <= time.monotonic() - started < _IMPATIENT + _SLACK_SECONDS
        assert isinstance(first.exception(), StoreUnavailable)
        assert isinstance(second.exception(), StoreUnavailable)


async def test_long_acts_have_connections_of_their_own(
    server: Valkey, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scripts that end many sessions do not go through the connection that refreshes share."""
    sent: list[Any] = []
    send = SharedConnection.send

    def recorded(self: SharedConnection, *commands: Any) -> asyncio.Future[Any]:
        sent.extend(commands)
        return send(self, *commands)

    store = await open_store(server.url)
    await asyncio.gather(*(store.sessions.add(new_session(number)) for number in range(300)))
    monkeypatch.setattr(SharedConnection, "send", recorded)
    session = new_session()
    ended = await store.sessions.revoke_subject(
        session.subject, reason=RevocationReason.LOGOUT, now=session.created_at, keep=None
    )
    assert len(ended) == 300
    assert len(sent) <= 4, "only the pages of the list are read there"


async def test_a_refresh_is_two_scripts(server: Valkey, open_store: OpenStore) -> None:
    """To find a session is one script, and to advance it is another. The server receives nothing else."""
    store = await open_store(server.url)
    session = new_session()
    await store.sessions.add(session)
    await advance(store.sessions, session)
    await store.sessions.find(session.session_id)
    before = _calls(server)
    found = await store.sessions.find(session.session_id)
    assert found is not None
    assert await advance(store.sessions, found) is True
    after = _calls(server)
    sent = {name: after[name] - before.get(name, 0) for name in after if name not in _IN_SCRIPTS | _OF_THE_TEST}
    assert {name: calls for name, calls in sent.items() if calls} == {"evalsha": 2}


_IN_SCRIPTS: Final = frozenset({"del", "get", "hgetall", "hmget", "hset", "mget", "pexpire", "set"})
_OF_THE_TEST: Final = frozenset({"client|setinfo", "hello", "info"})


def _calls(server: Valkey) -> dict[str, int]:
    """Return how often the server ran each command, also within scripts."""
    statistics = server.execute("INFO", "commandstats")
    return {name.removeprefix("cmdstat_"): values["calls"] for name, values in statistics.items()}


def _clients(server: Valkey) -> set[str]:
    """Return the ids of the connections that ran a script last."""
    lines = str(server.execute("CLIENT", "LIST", "TYPE", "normal")).splitlines()
    return {line.split()[0] for line in lines if "cmd=eval" in line}
