"""The databases of the tests in this folder."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from app.adapters.sql.schema import METADATA
from app.adapters.sql.store import SqlStore
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres, running_postgres

Stores = Callable[..., Awaitable[Sequence[SqlStore]]]

_numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a server that all tests share."""
    with running_postgres(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """Return the name of a prepared database, from which the databases of the tests are copied."""
    postgres.execute("CREATE DATABASE prepared")
    asyncio.run(SqlStore(postgres.url("prepared"), StoreOptions()).prepare())
    return "prepared"


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared SQLite file, from which the files of the tests are copied."""
    file = tmp_path_factory.mktemp("prepared") / "keyturn.db"
    asyncio.run(SqlStore(f"sqlite:///{file}", StoreOptions()).prepare())
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return the database that the test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a prepared, empty database of this test."""
    if kind == "sqlite":
        yield copy_of(request.getfixturevalue("prepared_file"), tmp_path)
        return
    with own_database(request.getfixturevalue("postgres"), template=request.getfixturevalue("template")) as url:
        yield url


@pytest.fixture
def bare_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database that is not prepared."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/bare.db"
        return
    with own_database(request.getfixturevalue("postgres"), template="template1") as url:
        yield url


@pytest.fixture
def shared_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a prepared, empty database. PostgreSQL has one for all tests, which is emptied after each:
    a new database would take 0.3 s.
    """
    if kind == "sqlite":
        yield copy_of(request.getfixturevalue("prepared_file"), tmp_path)
        return
    server, database = request.getfixturevalue("postgres"), request.getfixturevalue("shared_database")
    yield server.url(database)
    server.execute("; ".join(f"DELETE FROM {table}" for table in METADATA.tables), database)  # noqa: S608  # our tables


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres, template: str) -> str:
    """Return the name of a prepared database that tests share."""
    postgres.execute(f"CREATE DATABASE shared TEMPLATE {template}")
    return "shared"


def copy_of(prepared_file: Path, folder: Path) -> str:
    """Copy a prepared SQLite file. Return the URL of the copy."""
    shutil.copy(prepared_file, folder / "keyturn.db")
    return f"sqlite:///{folder}/keyturn.db"


@contextmanager
def own_database(server: Postgres, *, template: str) -> Iterator[str]:
    """Yield the URL of a copy of ``template``. It is deleted afterwards: hundreds of them would fill the disk."""
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.url(name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def stores(url: str) -> AsyncIterator[Stores]:
    """Return a function that opens several stores of the database, each with its own connections."""
    opened: list[SqlStore] = []

    async def open_stores(n: int = 1, options: StoreOptions | None = None) -> Sequence[SqlStore]:
        made = [SqlStore(url, options or StoreOptions(timeout=20.0, connections=3)) for _ in range(n)]
        for store in made:
            opened.append(store)
            await store.open()
        return made

    yield open_stores
    for store in opened:
        await store.close()
