"""Connections to PostgreSQL: which of them stay, what they keep, and how they work behind a pooler."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final

import asyncpg
import pytest
from sqlalchemy import text

from app.adapters.sql.store import SqlStore
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import AlreadyExists, ConfigurationError, StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.login.user import User
from app.domain.scope import Scope
from app.ports.session_store import StoreOptions
from tests.servers.pgbouncer import PgBouncer, running_pgbouncer
from tests.servers.pooler import pooling
from tests.servers.postgres import Postgres

from .conftest import own_database

ONE: Final = StoreOptions(timeout=20.0, connections=1)

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


POOLED: Final = [StoreOptions(timeout=20.0, connections=3, prepared_statements=each) for each in (None, False)]


async def use(store: SqlStore) -> None:
    """Prepare a store and use it, also with many calls at once, on both kinds of connections."""
    await store.prepare()
    await store.open()
    sessions = [new_session(number) for number in range(20)]
    await asyncio.gather(*(store.sessions.add(session) for session in sessions))
    assert all(await asyncio.gather(*(advance(store.sessions, session) for session in sessions)))
    assert not any(await asyncio.gather(*(advance(store.sessions, session) for session in sessions)))
    finds = (store.reserved_sessions.find(session.session_id) for session in sessions)
    assert await asyncio.gather(*finds) == [rotated(session) for session in sessions]
    await store.users.add(ALICE)
    with pytest.raises(AlreadyExists):
        await store.users.add(ALICE)
    assert await store.users.find(ALICE.subject) == ALICE
    await store.check()


@pytest.mark.parametrize("options", POOLED, ids=["found", "set"])
async def test_behind_a_pooler(postgres: Postgres, options: StoreOptions) -> None:
    """Behind a pooler that changes the connection after each transaction, a store can be prepared and used. It finds
    the pooler by itself.
    """
    with (
        own_database(postgres, template="template1") as url,
        pooling(postgres.port, url.rpartition("/")[2]) as pooler,
    ):
        store = SqlStore(f"postgresql://postgres@127.0.0.1:{pooler.port}/keyturn?sslmode=disable", options)
        await use(store)
        await store.close()


@pytest.fixture(scope="module")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    """Return PgBouncer in transaction mode, with two connections to the server."""
    with running_pgbouncer(postgres.port) as pooler:
        yield pooler


async def test_behind_pgbouncer(postgres: Postgres, pgbouncer: PgBouncer) -> None:
    """Without any setting, two stores that start at once upgrade a database and use it behind PgBouncer in transaction
    mode: nothing is prepared, and no connection is left with a setting of Keyturn.
    """
    with own_database(postgres, template="template1") as url:
        database = url.rpartition("/")[2]
        stores = [SqlStore(pgbouncer.url(database), StoreOptions(timeout=20.0, connections=5)) for _ in range(2)]
        await asyncio.gather(*(each.prepare() for each in stores))
        await use(stores[0])
        await stores[1].open()
        names = [f"user {number}" for number in range(60)]
        await asyncio.gather(*(stores[number % 2].users.find_by_username(name) for number, name in enumerate(names)))
        assert await settings_of(pgbouncer, database) == {("0", "read committed")}
        for each in stores:
            await each.close()


async def test_prepared_statements_behind_pgbouncer_are_named(postgres: Postgres, pgbouncer: PgBouncer) -> None:
    """If the setting asks for prepared statements, and they clash, the error names the setting."""
    with own_database(postgres, template="template1") as url:
        pooled = pgbouncer.url(url.rpartition("/")[2])
        await SqlStore(pooled, StoreOptions(timeout=20.0)).prepare()
        stores = [SqlStore(pooled, StoreOptions(timeout=20.0, prepared_statements=True)) for _ in range(4)]
        faults: list[StoreUnavailable] = []
        for _ in range(200):
            if faults:
                break
            finds = (each.users.find_by_username("alice") for each in stores * 3)
            answers = await asyncio.gather(*finds, return_exceptions=True)
            faults = [each for each in answers if isinstance(each, StoreUnavailable)]
        assert "set KEYTURN_STORE_PREPARED_STATEMENTS to 0" in str(faults[0])
        for each in stores:
            await each.close()


async def test_pgbouncer_without_transactions_is_refused(postgres: Postgres, template: str) -> None:
    """PgBouncer in statement mode takes no transactions. The start says which mode it needs."""
    with running_pgbouncer(postgres.port, pool_mode="statement") as pooler:
        store = SqlStore(pooler.url(template), StoreOptions(timeout=20.0))
        with pytest.raises(ConfigurationError, match="must have pool_mode transaction or session"):
            await store.prepare()
        await store.close()


async def settings_of(pooler: PgBouncer, database: str) -> set[tuple[str, str]]:
    """Return the settings that the connections to the server have, as the next clients of the pooler see them."""
    clients = [await asyncpg.connect(pooler.url(database), statement_cache_size=0) for _ in range(2)]
    found = set()
    for client in clients:
        await client.execute("BEGIN")  # so that the next client gets the other connection
    for client in clients:
        names = ("statement_timeout", "default_transaction_isolation")
        found.add(tuple([await client.fetchval(f"SHOW {name}") for name in names]))
        assert (
            await client.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE '\\_\\_asyncpg%'") == 0
        )
        client.terminate()
    return found
