"""A SQLite file that somebody deletes, moves, replaces or overwrites while it is open."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.adapters.sql.sqlite_faults import WrongFile
from app.adapters.sql.sqlite_file import SqliteFile, check_log
from app.adapters.sql.store import SqlStore
from app.contracts.sessions import advance, new_session, rotated
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.conftest import Proof

from .conftest import copy_of

OPTIONS = StoreOptions(timeout=10.0, connections=3)
LONG = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT count(*) FROM n")

Act = Callable[[Path], None]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of the file."""
    return tmp_path / "keyturn.db"


@pytest.fixture
async def store(prepared_file: Path, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Return an open store with one session, that has been checked."""
    store = SqlStore(copy_of(prepared_file, tmp_path), OPTIONS)
    await store.open()
    await store.sessions.add(new_session())
    await store._statements.fetch(LONG, {})
    await store.check()
    yield store
    await store.close()


def run(file: Path, *statements: str) -> None:
    """Run statements on a connection of their own."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=10)) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def deleted(file: Path) -> None:
    """Delete the file."""
    file.unlink()


def replaced_by_an_empty_one(file: Path) -> None:
    """Delete the file and make an empty one."""
    file.unlink()
    file.touch()


def replaced_by_a_backup(file: Path) -> None:
    """Put a backup in its place."""
    backup = file.with_name("backup")
    run(file, f"VACUUM INTO '{backup}'")
    backup.rename(file)


def overwritten_by_a_backup(file: Path) -> None:
    """Copy a backup over the file."""
    backup = file.with_name("backup")
    run(file, f"VACUUM INTO '{backup}'")
    shutil.copyfile(backup, file)


def overwritten_by_notes(file: Path) -> None:
    """Write something else into the file."""
    file.write_text("these are notes, and no database, and they are longer than its header: " * 20)


def content(file: Path) -> bytes:
    """Return what is in the file, and nothing if there is none."""
    return file.read_bytes() if file.exists() else b""


def overwrite(file: Path, content: bytes) -> None:
    """Write something else into the file."""
    file.write_bytes(content)


def move_away(file: Path) -> None:
    """Move the file away."""
    file.rename(file.with_name("elsewhere"))


def move_back(file: Path) -> None:
    """Move the file back."""
    file.with_name("elsewhere").rename(file)


@pytest.mark.parametrize(
    "act",
    [deleted, replaced_by_an_empty_one, replaced_by_a_backup, overwritten_by_a_backup, overwritten_by_notes],
    ids=lambda act: act.__name__,
)
async def test_another_file_is_neither_read_nor_written(store: SqlStore, file: Path, act: Act) -> None:
    """Short and long reads, changes and checks are refused, and so is a store that closes: what is in the place of the
    file stays as it is.
    """
    act(file)
    before = content(file)
    for _ in range(2):
        for call in (
            store.sessions.find(new_session().session_id),
            store._statements.fetch(LONG, {}),
            advance(store.sessions, new_session()),
            store.check(),
        ):
            with pytest.raises(StoreUnavailable, match="database file") as raised:
                await call
            assert raised.value.fault == "file_replaced"
    await store.close()
    assert content(file) == before


async def test_the_file_that_comes_back_is_used_again(store: SqlStore, file: Path) -> None:
    """A file that was moved away and back is used as before, by the same connections."""
    move_away(file)
    with pytest.raises(StoreUnavailable):
        await store.check()
    move_back(file)
    await store.check()
    assert await store.sessions.find(new_session().session_id) == new_session()
    assert await advance(store.sessions, new_session())
    assert await store.sessions.find(new_session().session_id) == rotated(new_session())


async def test_an_older_copy_is_noticed(store: SqlStore, file: Path) -> None:
    """A copy that was made before the last checks is noticed, although it is of the same file."""
    run(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    copy = content(file)
    await store.check()
    run(file, "PRAGMA wal_checkpoint(TRUNCATE)")
    await store.check()
    overwrite(file, copy)
    with pytest.raises(StoreUnavailable, match="was replaced"):
        await store.check()


@pytest.mark.parametrize(
    "statements",
    [
        ("PRAGMA wal_checkpoint(TRUNCATE)",),
        ("VACUUM",),
        ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
        ("CREATE TABLE another (a)", "PRAGMA wal_checkpoint(TRUNCATE)"),
        ("INSERT INTO budgets VALUES (randomblob(20000), 1)", "PRAGMA wal_checkpoint(TRUNCATE)"),
    ],
    ids=lambda statements: " ".join(statements)[:40],
)
async def test_changes_of_other_processes_are_accepted(
    store: SqlStore, file: Path, statements: tuple[str, ...]
) -> None:
    """What SQLite itself does to the file, in any process, is no replacement: the check accepts it."""
    for statement in statements:
        run(file, statement)
        await store.check()
    assert await advance(store.sessions, new_session())


@pytest.mark.proof("halfbroken")
async def test_no_checkpoint_looks_like_a_replacement(store: SqlStore, file: Path, proof: Proof) -> None:
    """Changes, checks and checkpoints by two connections are never taken for another file."""
    session = new_session()
    for number in range(proof.count("rounds", small=60, full=2_000)):
        await store.check()
        if number % 3 == 0:
            run(file, "PRAGMA wal_checkpoint(PASSIVE)")
        if number % 5 == 0:
            run(file, "PRAGMA wal_checkpoint(TRUNCATE)")
        assert await store.sessions.find(session.session_id) == session
        check_log(file)


async def test_a_closed_store_opens_the_file_that_is_there(store: SqlStore, file: Path) -> None:
    """A store that is closed and opened again uses the backup that was put in the place of the file meanwhile."""
    backup = file.with_name("backup")
    run(file, f"VACUUM INTO '{backup}'")
    assert await advance(store.sessions, new_session())
    await store.close()
    backup.rename(file)
    await store.open()
    assert await store.sessions.find(new_session().session_id) == new_session()
    await store.check()


def test_verification_costs_no_look_into_an_unchanged_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a file whose size or time has changed is read."""
    run(file, "CREATE TABLE t (a)")
    watched = SqliteFile(file)
    watched.verify()
    monkeypatch.setattr("app.adapters.sql.sqlite_header.os.pread", lambda *_: pytest.fail("the file was read"))
    watched.verify()
    watched.close()


def test_a_log_without_a_foreign_header_is_accepted(file: Path) -> None:
    """The log of a file in use, and no log, are those of the file. The log of another database is not."""
    run(file, "PRAGMA journal_mode=WAL", "PRAGMA application_id=1", "CREATE TABLE t (a)")
    check_log(file)
    other = file.with_name("other.db")
    run(other, "PRAGMA journal_mode=WAL", "PRAGMA application_id=2", "CREATE TABLE t (a)")
    with closing(sqlite3.connect(other, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version=1")
        check_log(other)
        shutil.copyfile(f"{other}-wal", f"{file}-wal")
        with pytest.raises(WrongFile, match="belongs to another file"):
            check_log(file)
