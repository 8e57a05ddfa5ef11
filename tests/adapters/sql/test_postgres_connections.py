"""Connections to PostgreSQL: which of them stay, what they keep, and how they work behind a pooler."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final

import pytest
from sqlalchemy import text

from app.adapters.sql.store import SqlStore
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import AlreadyExists, ConfigurationError, StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.login.user import User
from app.domain.scope import Scope
from app.ports.session_store import StoreOptions
from tests.servers.pooler import pooling
from tests.servers.postgres import Postgres

from .conftest import own_database

ONE: Final = StoreOptions(timeout=20.0, connections=1)
BEHIND_A_POOLER: Final = StoreOptions(timeout=20.0, connections=3, prepared_statements=False)

PROCESS: Final = text("SELECT pg_backend_pid()")
PREPARED: Final = text("SELECT count(*) FROM pg_prepared_statements")
ALICE: Final = User(
    subject=Subject("alice"), username="alice", password_hash="", scope=Scope.parse("account"), credential_version=1
)


@pytest.fixture
def postgres_url(postgres: Postgres, template: str) -> Iterator[str]:
    """Return the URL of a prepared, empty database."""
    with own_database(postgres, template=template) as url:
        yield url


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[SqlStore]:
    """Return a store with one connection."""
    store = SqlStore(postgres_url, ONE)
    await store.open()
    yield store
    await store.close()


async def process(store: SqlStore) -> int:
    """Return the id of the process of the server that serves the connection."""
    [row] = await store._statements.fetch(PROCESS, {})
    return int(row[0])


async def test_a_connection_is_used_again(store: SqlStore) -> None:
    """A connection stays after a statement, and after one that broke a constraint or had a value that is none."""
    first = await process(store)
    await store.users.add(ALICE)
    with pytest.raises(AlreadyExists):
        await store.users.add(ALICE)
    with pytest.raises(StoreUnavailable):
        await store._statements.fetch(text("SELECT 1 / 0"), {})
    assert await process(store) == first


async def test_a_connection_to_a_server_that_only_reads_is_replaced(store: SqlStore) -> None:
    """After a failover the old primary only reads. The change fails, and the next one connects again."""
    first = await process(store)
    await store._statements.fetch(text("SET default_transaction_read_only = on"), {})
    with pytest.raises(StoreUnavailable):
        await store.users.add(ALICE)
    await store.users.add(ALICE)
    assert await process(store) != first


async def test_all_connections_to_a_server_that_only_reads_are_replaced(postgres_url: str) -> None:
    """One refusal is enough: no other call meets the old primary again."""
    store = SqlStore(postgres_url, StoreOptions(timeout=20.0, connections=3))
    await store.open()
    sleeping = text("SELECT pg_sleep(0.3), set_config('default_transaction_read_only', 'on', false)")
    await asyncio.gather(*(store._statements.fetch(sleeping, {}) for _ in range(3)))
    with pytest.raises(StoreUnavailable):
        await store.users.add(ALICE)
    for _ in range(3):
        await store.users.set_disabled(ALICE.subject, disabled=True)
    await store.close()


async def test_a_connection_that_the_server_ends_is_replaced(store: SqlStore, postgres: Postgres) -> None:
    """After the server has ended a connection, the next calls get a new one by themselves."""
    first = await process(store)
    postgres.execute(f"SELECT pg_terminate_backend({first})")
    async with asyncio.timeout(20):
        while True:
            with suppress(StoreUnavailable):
                if await process(store) != first:
                    break
            await asyncio.sleep(0.01)


async def test_statements_stay_prepared(store: SqlStore) -> None:
    """A connection prepares a statement once. The server plans it once, too."""
    for _ in range(3):
        assert await store.users.find_by_username("alice") is None
    [row] = await store._statements.fetch(PREPARED, {})
    assert row[0] >= 2


async def test_no_statement_stays_prepared_behind_a_pooler(postgres_url: str) -> None:
    """Without prepared statements, a connection keeps none, and each transaction has its settings."""
    store = SqlStore(postgres_url, StoreOptions(timeout=3.0, connections=1, prepared_statements=False))
    await store.open()
    await store.users.find_by_username("alice")
    [row] = await store._statements.fetch(PREPARED, {})
    assert row[0] == 0
    settings = {"statement_timeout": "3s", "transaction_isolation": "read committed", "application_name": "keyturn"}
    for name, expected in settings.items():
        [row] = await store._statements.fetch(text(f"SHOW {name}"), {})
        assert row[0] == expected
    await store.close()


async def test_behind_a_pooler(postgres: Postgres) -> None:
    """Behind a pooler that changes the connection after each transaction, a store can be prepared and used, also by
    many calls at once.
    """
    with (
        own_database(postgres, template="template1") as url,
        pooling(postgres.port, url.rpartition("/")[2]) as pooler,
    ):
        pooled = f"postgresql://postgres@127.0.0.1:{pooler.port}/keyturn?sslmode=disable"
        store = SqlStore(pooled, BEHIND_A_POOLER)
        await store.prepare()
        await store.open()
        sessions = [new_session(number) for number in range(20)]
        await asyncio.gather(*(store.sessions.add(session) for session in sessions))
        assert all(await asyncio.gather(*(advance(store.sessions, session) for session in sessions)))
        assert not any(await asyncio.gather(*(advance(store.sessions, session) for session in sessions)))
        found = await asyncio.gather(*(store.sessions.find(session.session_id) for session in sessions))
        assert found == [rotated(session) for session in sessions]
        await store.users.add(ALICE)
        with pytest.raises(AlreadyExists):
            await store.users.add(ALICE)
        assert await store.users.find(ALICE.subject) == ALICE
        await store.close()


@pytest.mark.parametrize("method", ["prepare", "open"])
async def test_a_pooler_needs_its_setting(postgres: Postgres, template: str, method: str) -> None:
    """A pooler refuses connections that keep prepared statements and settings. The error names what to set."""
    with pooling(postgres.port, template) as pooler:
        store = SqlStore(f"postgresql://postgres@127.0.0.1:{pooler.port}/keyturn?sslmode=disable", ONE)
        with pytest.raises(ConfigurationError, match="set KEYTURN_STORE_PREPARED_STATEMENTS to 0"):
            await getattr(store, method)()
        await store.close()
