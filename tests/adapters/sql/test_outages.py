"""A database that is unavailable: the errors, the time limits and the recovery."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql import migration
from app.adapters.sql.store import SqlStore
from app.contracts.sessions import advance, end_all, limit_to, new_session, rotated
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.sessions.session import RevocationReason
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres, running_postgres
from tests.servers.silent import silent_server

IMPATIENT: Final = StoreOptions(timeout=0.5, connections=3)
SLACK_SECONDS: Final = 5.0
"""Added to a time limit, because the machine can be busy. A wait without a limit would be longer."""


@pytest.fixture
def server() -> Iterator[Postgres]:
    """Return a server that only this test uses."""
    with running_postgres(durable=True) as server:
        yield server


async def open_store(url: str) -> SqlStore:
    """Return an open store with one session."""
    store = SqlStore(url, IMPATIENT)
    await store.prepare()
    await store.open()
    await store.sessions.add(new_session())
    return store


async def assert_unavailable(store: SqlStore) -> None:
    """Check that every kind of call raises ``StoreUnavailable`` in time."""
    session = new_session()
    for call in (
        store.sessions.find(session.session_id),
        advance(store.sessions, session),
        store.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at),
        end_all(store.sessions),
        limit_to(store.sessions, 1),
        store.sessions.list_crowded_subjects(more_than=1, after=""),
        store.sessions.set_cut_off(1),
        store.sessions.find_cut_off(),
        store.sessions.list_revocations(0.0),
        store.sweeper.erase_replaced(rotated_before=0.0, limit=1),
        store.sweeper.revoke_cut_off(limit=1),
        store.users.find_by_username("alice"),
        store.check(),
    ):
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await call
        assert time.monotonic() - started < IMPATIENT.timeout + SLACK_SECONDS


async def assert_recovers(store: SqlStore) -> None:
    """Check that the session can rotate once the database answers again."""
    async with asyncio.timeout(4 * SLACK_SECONDS):
        while True:
            try:
                stored = await store.sessions.find(new_session().session_id)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    assert stored is not None
    assert await advance(store.sessions, stored) is True
    assert await store.sessions.find(stored.session_id) == rotated(stored)


async def test_a_server_that_stops(server: Postgres) -> None:
    """A stopped server costs each call its time limit and no more. The same store uses it again when it continues."""
    store = await open_store(server.url())
    with server.stopped():
        await assert_unavailable(store)
    await assert_recovers(store)
    await store.close()


async def test_a_server_that_dies(server: Postgres) -> None:
    """Calls fail while the server is dead. After its restart the store reconnects by itself."""
    store = await open_store(server.url())
    server.kill()
    await assert_unavailable(store)
    server.start()
    await assert_recovers(store)
    await store.close()


async def test_many_calls_to_a_stopped_server(server: Postgres) -> None:
    """Ten times as many calls as connections all fail in time, and the connections can be used afterwards."""
    store = await open_store(server.url())
    with server.stopped():
        started = time.monotonic()
        calls = [store.sessions.find(new_session().session_id) for _ in range(10 * IMPATIENT.connections)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        assert time.monotonic() - started < IMPATIENT.timeout + SLACK_SECONDS
    await assert_recovers(store)
    await store.close()


async def test_a_sqlite_file_that_another_process_locks(tmp_path: Path) -> None:
    """While another process holds the lock, changes fail in time and reads succeed. Afterwards both succeed."""
    store = await open_store(f"sqlite:///{tmp_path}/keyturn.db")
    with closing(sqlite3.connect(tmp_path / "keyturn.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await advance(store.sessions, new_session())
        assert time.monotonic() - started < IMPATIENT.timeout + SLACK_SECONDS
        assert await store.sessions.find(new_session().session_id) == new_session()
        with pytest.raises(StoreUnavailable, match="locked"):
            await store.check()
    await assert_recovers(store)
    await store.check()
    await store.close()


async def test_cancelled_calls_cost_no_connection(url: str) -> None:
    """After many cancelled calls the next call succeeds."""
    store = await open_store(url)
    for _ in range(10 * IMPATIENT.connections):
        task = asyncio.create_task(store.users.set_disabled(Subject("nobody"), disabled=True))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await assert_recovers(store)
    await store.close()


@pytest.mark.parametrize("method", ["prepare", "open"])
async def test_an_unreachable_server_is_named(method: str) -> None:
    """The error names the server and not the password."""
    store = SqlStore(f"postgresql://keyturn:secret-word@127.0.0.1:{free_port()}/keyturn", IMPATIENT)
    with pytest.raises(StoreUnavailable, match=r"PostgreSQL at 127\.0\.0\.1 port \d+ cannot be reached") as failure:
        await getattr(store, method)()
    assert "secret-word" not in str(failure.value)
    await store.close()


async def test_a_missing_database_is_named(postgres: Postgres) -> None:
    """The error says that the database does not exist."""
    store = SqlStore(postgres.url("nowhere"), IMPATIENT)
    with pytest.raises(ConfigurationError, match="has no such database; create it"):
        await store.prepare()
    await store.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/file.db",
        "sqlite:///file.db?mode=ro",
        "sqlite:////no/such/folder/keyturn.db",
    ],
)
def test_a_url_without_a_file_is_refused(url: str) -> None:
    """A SQLite URL must name a file in an existing folder, and nothing else."""
    with pytest.raises(ConfigurationError, match="KEYTURN_DATABASE_URL"):
        SqlStore(url, IMPATIENT)


@pytest.mark.parametrize("port", ["0", "-5", "65536", "99999", "9" * 4_400, "x"])
def test_a_port_that_does_not_exist_is_refused(port: str) -> None:
    """The error names the setting. Nothing is connected."""
    with pytest.raises(ConfigurationError, match="KEYTURN_DATABASE_URL"):
        SqlStore(f"postgresql://127.0.0.1:{port}/keyturn", IMPATIENT)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file that is not a database is not changed, and the error names it."""
    file = tmp_path / "keyturn.db"
    file.write_text("these are notes, and no database, and they are longer than its header: " * 20)
    before = file.read_bytes()
    store = SqlStore(f"sqlite:///{file}", IMPATIENT)
    with pytest.raises(ConfigurationError, match=r"keyturn\.db cannot be used"):
        await store.prepare()
    assert file.read_bytes() == before
    await store.close()


def test_replicas_cannot_be_set() -> None:
    """A number of replicas is refused, because the database decides on it."""
    with pytest.raises(ConfigurationError, match="synchronous_standby_names"):
        SqlStore("postgresql://localhost/keyturn", StoreOptions(replicas=1))


async def test_the_time_limit_holds_for_the_connection_of_the_migrations() -> None:
    """A server that accepts connections and says nothing costs the start ``timeout``, not the time of a migration."""
    with silent_server() as port:
        store = SqlStore(f"postgresql://keyturn@127.0.0.1:{port}/keyturn", IMPATIENT)
        async with asyncio.timeout(IMPATIENT.timeout + SLACK_SECONDS):
            with pytest.raises(
                StoreUnavailable, match=f"at 127.0.0.1 port {port} cannot be reached: it did not answer"
            ):
                await store.prepare()


async def test_a_server_that_falls_silent_during_a_migration(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration on a server that stops to answer fails after the time of one statement. It does not wait for the
    answer to its ROLLBACK.
    """
    monkeypatch.setattr(migration, "PATIENCE_SECONDS", 1.0)
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_xact_lock%'"
    with server.advisory_lock(migration._LOCK):
        preparing = asyncio.create_task(SqlStore(server.url(), IMPATIENT).prepare())
        while server.execute(waiting).strip() == "0":  # noqa: ASYNC110  # the server tells nobody
            await asyncio.sleep(0.02)
        with server.stopped():
            async with asyncio.timeout(1.0 + IMPATIENT.timeout + SLACK_SECONDS):
                with pytest.raises(StoreUnavailable, match="it did not answer in time"):
                    await preparing
