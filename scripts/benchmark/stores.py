"""The stores that a service can be measured on. PostgreSQL and Valkey are real servers on the client's core."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.servers.postgres import Postgres, running_postgres
from tests.servers.valkey import DURABLE, running_valkey

from . import cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store of a service, and the peer that does the same by hand.

    ``settings`` are the service's. ``peer_environment`` are the variables of the program ``peer``, which has a database
    of its own on the same server or disk.
    """

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    peer: str | None = None
    peer_environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _memory() -> Iterator[Store]:
    yield Store(name="memory", peer="memory")


@contextmanager
def _sqlite() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield Store(
            name="sqlite",
            settings={"KEYTURN_DATABASE_URL": f"sqlite:///{folder}/keyturn.db"},
            peer="sqlite",
            peer_environment={"PEER_DATABASE": f"{folder}/peer.db"},
        )


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Run PostgreSQL on the client's core. Its commits are durable."""
    with cores.children_run_on(cores.DRIVING), running_postgres(durable=True) as server:
        yield server


@contextmanager
def _postgres() -> Iterator[Store]:
    with postgres() as server:
        server.execute("CREATE DATABASE peer")
        yield Store(
            name="postgres",
            settings={"KEYTURN_DATABASE_URL": server.url()},
            peer="postgres",
            peer_environment={"PEER_DATABASE": server.url("peer")},
        )


@contextmanager
def _valkey() -> Iterator[Store]:
    """Sessions are in Valkey and users in a SQLite file, as in a small installation."""
    with (
        _sqlite() as users,
        tempfile.TemporaryDirectory() as folder,
        cores.children_run_on(cores.DRIVING),
        running_valkey(Path(folder), *DURABLE) as server,
    ):
        yield Store(name="valkey", settings={**users.settings, "KEYTURN_SESSION_URL": server.url})


STORES: Final[Mapping[str, Callable[[], AbstractContextManager[Store]]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgres": _postgres,
    "valkey": _valkey,
}
"""The stores by their names on the command line."""
