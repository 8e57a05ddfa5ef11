"""Migrations: each runs once, whichever process starts first."""

import asyncio
import logging
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.engine import run_in_transaction
from app.adapters.sql.migration import newest_revision
from app.adapters.sql.schema import METADATA
from app.adapters.sql.store import SqlStore
from app.domain.errors import ConfigurationError
from app.ports.session_store import StoreOptions
from tests.servers.postgres import Postgres
from tests.system.processes import ROOT, environment

from .conftest import Stores

PROCESSES = 4


async def test_the_migrations_make_the_tables(url: str) -> None:
    """The migrations create the tables of the schema, with every column and index."""
    differences = await run_in_transaction(
        DatabaseUrl(url),
        lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), METADATA),
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
    await store._statements.execute(text("UPDATE alembic_version SET version_num = '9999'"), {})
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
    rows = await store._statements.fetch(text("SELECT version_num FROM alembic_version"), {})
    assert [row.version_num for row in rows] == [newest_revision()]
