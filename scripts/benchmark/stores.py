"""The stores that a service can be measured on. PostgreSQL and Valkey are real servers."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from tests.servers.postgres import running_postgres
from tests.servers.valkey import DURABLE, running_valkey

from . import cores

Settings = Mapping[str, str]


@contextmanager
def _sqlite() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as folder:
        yield {"KEYTURN_DATABASE_URL": f"sqlite:///{folder}/keyturn.db"}


@contextmanager
def _postgres() -> Iterator[Settings]:
    with cores.children_run_on(cores.DRIVING), running_postgres(durable=True) as server:
        yield {"KEYTURN_DATABASE_URL": server.url()}


@contextmanager
def _valkey() -> Iterator[Settings]:
    """Sessions are in Valkey and users in a SQLite file, as in a small installation."""
    with (
        _sqlite() as users,
        tempfile.TemporaryDirectory() as folder,
        cores.children_run_on(cores.DRIVING),
        running_valkey(Path(folder), *DURABLE) as server,
    ):
        yield {**users, "KEYTURN_SESSION_URL": server.url}


STORES: Final[Mapping[str, Callable[[], AbstractContextManager[Settings]]]] = {
    "sqlite": _sqlite,
    "postgres": _postgres,
    "valkey": _valkey,
}
"""The stores by their names on the command line. Each runs on the client's core and yields its settings."""
