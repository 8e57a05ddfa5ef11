"""The databases that the tests of this folder run on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest

from app.adapters.sql.store import SqlStore
from app.ports.store import StoreOptions
from tests.servers.postgres import Postgres, running_postgres

Stores = Callable[..., Awaitable[Sequence[SqlStore]]]

_numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Return a server, with a database that is prepared already to copy others from."""
    with running_postgres(durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """Return the name of a prepared database."""
    postgres.execute("CREATE DATABASE prepared")
    asyncio.run(SqlStore(postgres.url("prepared"), StoreOptions()).prepare())
    return "prepared"


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which database a test runs on."""
    kind: str = request.param
    return kind


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database of the test's own, prepared and empty."""
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/keyturn.db"
        asyncio.run(SqlStore(url, StoreOptions()).prepare())
        return url
    server: Postgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("template")
    name = f"test_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture
def bare_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that was never prepared."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/bare.db"
    server: Postgres = request.getfixturevalue("postgres")
    name = f"bare_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture
async def stores(url: str) -> AsyncIterator[Stores]:
    """Return a function that opens so many stores of the database, each with connections of its own."""
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
