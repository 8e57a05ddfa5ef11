"""Migrations: each runs once, whichever process starts first."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from typing import Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.migration import newest_revision
from app.adapters.sql.schema import METADATA
from app.adapters.sql.store import SqlStore
from app.adapters.sql.version_table import OWN_TABLE, VERSION_TABLE
from app.domain.errors import ConfigurationError
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres
from tests.system.processes import ROOT, environment

from .conftest import Stores, own_database
from .previous_version import prepare_previous

PROCESSES = 4


async def test_the_migrations_make_the_tables(url: str) -> None:
    """The migrations create the tables of the schema, with every column and index."""
    differences = await run_in_transaction(
        DatabaseUrl(url),
        lambda sync: compare_metadata(
            MigrationContext.configure(sync, opts={"compare_type": True, "version_table": VERSION_TABLE}), METADATA
        ),
        StoreOptions(timeout=20.0),
    )
    assert differences == []


async def test_processes_that_start_at_once_migrate_once(bare_url: str) -> None:
    """Several processes prepare an empty database at once: all succeed, and one of them logs that it upgraded."""
    script = f"""
import asyncio, logging
from app.service.stores import database
from app.ports.session_store import StoreOptions
logging.basicConfig(level="INFO", format="%(message)s")
asyncio.run(database({bare_url!r}, StoreOptions()).prepare())
"""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, cwd=ROOT, env=environment({}), stderr=asyncio.subprocess.PIPE
        )
        for _ in range(PROCESSES)
    ]
    outputs = [(await process.communicate())[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, outputs
    assert sum("database upgraded" in each for each in outputs) == 1
    store = SqlStore(bare_url, StoreOptions())
    await store.open()
    await store.close()


async def test_an_unprepared_database_is_refused(bare_url: str) -> None:
    """The store does not open, and the error names the command to run."""
    store = SqlStore(bare_url, StoreOptions())
    with pytest.raises(ConfigurationError, match="database upgrade"):
        await store.open()
    await store.close()


async def test_a_database_of_a_newer_program_is_refused(stores: Stores, url: str) -> None:
    """An older program neither changes the database nor opens it, and the error says why."""
    [store] = await stores()
    await store._statements.execute(text("UPDATE keyturn_version SET version_num = '9999'"), {})
    older = SqlStore(url, StoreOptions())
    with pytest.raises(ConfigurationError, match="a newer Keyturn"):
        await older.prepare()
    with pytest.raises(ConfigurationError, match="not that of this program"):
        await older.open()
    await older.close()


@pytest.fixture
def latin_url(postgres: Postgres) -> Iterator[str]:
    """Return the URL of a new database with the encoding LATIN1."""
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    yield postgres.url("latin")
    postgres.execute("DROP DATABASE latin WITH (FORCE)")


async def test_a_database_that_lacks_letters_is_refused(latin_url: str) -> None:
    """A name that the encoding lacks could not even be looked up. The error says how to create the database."""
    store = SqlStore(latin_url, StoreOptions())
    with pytest.raises(ConfigurationError, match=r"has the encoding LATIN1.* with ENCODING 'UTF8' TEMPLATE template0"):
        await store.prepare()
    await store.close()


async def test_a_used_database_that_lacks_letters_is_only_warned_about(
    latin_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that has used it before starts, and the log says what to do."""
    with monkeypatch.context() as older:
        older.setattr("app.adapters.sql.migration._ENCODINGS", {"LATIN1"})
        await SqlStore(latin_url, StoreOptions()).prepare()
    with caplog.at_level(logging.WARNING, "keyturn.sql"):
        await SqlStore(latin_url, StoreOptions()).prepare()
    assert "has the encoding LATIN1, which lacks most letters; move it" in caplog.text


async def test_preparing_again_changes_nothing(stores: Stores, url: str) -> None:
    """Preparing a prepared database changes nothing."""
    [store] = await stores()
    await SqlStore(url, StoreOptions()).prepare()
    rows = await store._statements.fetch(text("SELECT version_num FROM keyturn_version"), {})
    assert [row.version_num for row in rows] == [newest_revision()]


FOREIGN: Final = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version VALUES ('0003'), ('1a2b3c4d5e6f')",
    "CREATE TABLE orders (number INTEGER)",
)
"""What another program with Alembic has in its database, with a revision that could be one of ours."""


async def execute(url: str, *statements: str) -> None:
    """Run statements in a database."""
    database = DatabaseUrl(url)
    if database.is_sqlite:
        database.file.touch()
    await run_in_transaction(
        database, lambda each: [each.exec_driver_sql(statement) for statement in statements], StoreOptions(timeout=20.0)
    )


async def test_a_database_of_another_program_can_be_shared(bare_url: str) -> None:
    """Keyturn keeps its revision in a table of its own, and leaves those of another program as they are."""
    await execute(bare_url, *FOREIGN)
    store = SqlStore(bare_url, StoreOptions(timeout=20.0))
    with pytest.raises(ConfigurationError, match="database upgrade"):
        await store.open()
    for _ in range(2):
        await store.prepare()
    await store.open()
    rows = await store._statements.fetch(text("SELECT version_num FROM alembic_version ORDER BY version_num"), {})
    assert [row.version_num for row in rows] == ["0003", "1a2b3c4d5e6f"]
    await store.close()


async def test_tables_of_others_are_named(bare_url: str) -> None:
    """A table of another program under a name that Keyturn needs is named in one sentence, and nothing is changed."""
    await execute(bare_url, *FOREIGN, "CREATE TABLE users (number INTEGER)", "CREATE TABLE clients (number INTEGER)")
    store = SqlStore(bare_url, StoreOptions(timeout=20.0))
    for act in (store.rehearse, store.prepare):
        with pytest.raises(ConfigurationError, match=r"names that it needs: clients, users\. Give Keyturn a"):
            await act()
    await store.close()


async def test_a_database_of_the_previous_version_keeps_its_table(bare_url: str) -> None:
    """A database that an older Keyturn made keeps its table, so that older instances can go on and start again."""
    await prepare_previous(bare_url)
    store = SqlStore(bare_url, StoreOptions(timeout=20.0))
    await store.prepare()
    await store.open()
    rows = await store._statements.fetch(text("SELECT version_num FROM alembic_version"), {})
    assert [row.version_num for row in rows] == [newest_revision()]
    [table] = await store._statements.fetch(OWN_TABLE[store._executor.dialect.name], {})
    assert table.name == "alembic_version"
    await store.close()


async def test_a_schema_of_its_own(postgres: Postgres) -> None:
    """In PostgreSQL, Keyturn can have a schema of its own beside tables with the same names. It has to exist."""
    with own_database(postgres, template="template1") as url:
        await execute(url, *FOREIGN, "CREATE TABLE users (number INTEGER)")
        store = SqlStore(f"{url}?options=-csearch_path%3Dkeyturn", StoreOptions(timeout=20.0))
        with pytest.raises(ConfigurationError, match="has no schema to create tables in; create the one"):
            await store.prepare()
        await execute(url, "CREATE SCHEMA keyturn")
        await store.prepare()
        await store.open()
        assert await store.users.find_by_username("alice") is None
        await store.close()
