"""SQLite and PostgreSQL as stores: an empty database, and the settings of their connections."""

from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from app.adapters.sql.store import SqlStore
from app.contracts.session_store import OPTIONS, DurableStoreContract
from app.contracts.sessions import NOW, advance, new_session, rotated
from app.domain.identifiers import Subject
from app.domain.sessions.replaced import MAX_REPLACED
from app.ports.session_store import StoreOptions
from tests.conftest import Proof
from tests.servers.postgres import Postgres

from .conftest import Stores

LONG: Final = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT count(*) FROM n"
)


class TestSqlStore(DurableStoreContract):
    """Both databases pass the kit, starting with an empty database."""

    @pytest.fixture(autouse=True)
    def _url(self, bare_url: str) -> None:
        self.url = bare_url

    def store(self, options: StoreOptions = OPTIONS) -> SqlStore:
        return SqlStore(self.url, options)


async def test_a_closed_store_can_be_opened_again(stores: Stores) -> None:
    """A store that was closed opens new connections, for short and long statements."""
    [store] = await stores()
    await store.sessions.add(new_session())
    for _ in range(2):
        await store.close()
        await store.open()
        assert await store.sessions.find(new_session().session_id) == new_session()
        assert await store._statements.fetch(LONG, {}) == [(10_000,)]
        assert await store.users.set_disabled(Subject("nobody"), disabled=True) is None


async def test_sqlite_connections_have_their_settings(tmp_path: Path) -> None:
    """Every connection to a file flushes commits to the disk and overwrites what it deletes. Readers and the writer do
    not wait for each other.
    """
    store = SqlStore(f"sqlite:///{tmp_path}/keyturn.db", OPTIONS)
    await store.prepare()
    settings = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    for name, expected in settings.items():
        [row] = await store._statements.fetch(text(f"PRAGMA {name}"), {})
        assert row[0] == expected
    await store.close()


async def test_postgresql_connections_have_their_settings(postgres: Postgres) -> None:
    """A connection has a time limit for statements, and the isolation level at which a lost race is no error."""
    store = SqlStore(postgres.url(), StoreOptions(timeout=3.0))
    settings = {"statement_timeout": "3s", "transaction_isolation": "read committed", "application_name": "keyturn"}
    for name, expected in settings.items():
        [row] = await store._statements.fetch(text(f"SHOW {name}"), {})
        assert row[0] == expected
    await store.close()


@pytest.mark.proof("stores")
async def test_rotations_do_not_grow_the_database(stores: Stores, url: str, proof: Proof) -> None:
    """After 1,000 rotations within one window sessions take no more space than after 32, apart from space that the
    database reuses.
    """
    [store] = await stores()
    sessions = [new_session(number) for number in range(10)]
    for session in sessions:
        await store.sessions.add(session)
    sizes = []
    for rotations in (MAX_REPLACED, proof.count("further rotations of each session", small=99, full=999)):
        for _ in range(rotations):
            for number, session in enumerate(sessions):
                assert await advance(store.sessions, session, now=NOW + 1)
                sessions[number] = rotated(session, now=NOW + 1)
        sizes.append(await _size(store, url))
    proof.measured("bytes of ten sessions after 32 rotations and after these", sizes)
    assert sizes[1] <= sizes[0]


async def _size(store: SqlStore, url: str) -> int:
    """Return the size of the sessions in bytes, without space that the database reuses."""
    if url.startswith("sqlite"):
        await store._statements.fetch(text("PRAGMA wal_checkpoint(TRUNCATE)"), {})
        [pages] = await store._statements.fetch(text("PRAGMA page_count"), {})
        [free] = await store._statements.fetch(text("PRAGMA freelist_count"), {})
        return int(pages[0] - free[0]) * 4096
    await store._statements.fetch(text("VACUUM FULL sessions"), {})
    [row] = await store._statements.fetch(text("SELECT pg_total_relation_size('sessions')"), {})
    return int(row[0])
