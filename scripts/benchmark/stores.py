"""The stores that a service can be measured on, each a real server of its own."""

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
    """Sessions in Valkey, users in a file, as a small installation has them."""
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
"""By the names on the command line: each runs a store on the client's core, and yields the settings for it."""
