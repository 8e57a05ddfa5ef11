"""SQLite without layers: grouped commits, changes that fail alone, and reads that leave the event loop."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import bindparam, insert, select, text, update

from app.adapters.sql import sqlite_writer
from app.adapters.sql.database_url import DatabaseUrl
from app.adapters.sql.schema import USERS
from app.adapters.sql.sqlite_connection import open_connection
from app.adapters.sql.sqlite_executor import SqliteExecutor
from app.adapters.sql.sqlite_turns import WriterTurns
from app.adapters.sql.statements import Statements
from app.domain.errors import AlreadyExists, StoreUnavailable
from app.ports.session_store import StoreOptions

from .conftest import copy_of

PATIENT: Final = StoreOptions(timeout=30.0)
IMPATIENT: Final = StoreOptions(timeout=0.5)
WAITING: Final = 32

ADD = insert(USERS)
RENAME = update(USERS).where(USERS.c.subject == bindparam("whose")).values(username=bindparam("new_name"))
CHANGE_ALL = update(USERS).values(scope=bindparam("new_scope"))
FIND = select(USERS.c.username).where(USERS.c.subject == bindparam("whose"))
ALL = select(USERS)
SPOIL = text("INSERT OR ROLLBACK INTO users SELECT * FROM users WHERE subject = :taken")
ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")


def user(name: str) -> dict[str, object]:
    """Return the row of a user, whose subject is the name too."""
    return {
        "subject": name,
        "username": name,
        "password_hash": "",
        "scope": "account",
        "credential_version": 1,
        "disabled": False,
    }


@pytest.fixture
def file(prepared_file: Path, tmp_path: Path) -> Path:
    """Return a prepared, empty database."""
    copy_of(prepared_file, tmp_path)
    return tmp_path / "keyturn.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock of the file, as another process that writes."""
    with closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
async def executor(file: Path) -> AsyncIterator[SqliteExecutor]:
    """Return an executor that waits long."""
    executor = SqliteExecutor(DatabaseUrl(f"sqlite:///{file}"), PATIENT)
    yield executor
    await executor.close()


@pytest.fixture
def statements(executor: SqliteExecutor) -> Statements:
    """Return the statements of this executor."""
    return Statements(executor)


@pytest.fixture
def trace(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what the writer runs."""
    traced: list[str] = []

    def open_traced(url: DatabaseUrl, *, busy_seconds: float) -> sqlite3.Connection:
        connection = open_connection(url, busy_seconds=busy_seconds)
        connection.set_trace_callback(traced.append)
        return connection

    monkeypatch.setattr(sqlite_writer, "open_connection", open_traced)
    return traced


async def names(statements: Statements) -> list[str]:
    """Return the names of all users, in order."""
    return sorted(row.username for row in await statements.fetch(ALL, {}))


async def test_what_waits_is_committed_together(file: Path, statements: Statements, trace: list[str]) -> None:
    """Changes that wait while another process writes cost one commit, and so one flush to the disk."""
    with locked(file):
        adding = [asyncio.create_task(statements.execute(ADD, user(f"u{n}"))) for n in range(WAITING)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*adding) == [1] * WAITING
    assert trace.count("COMMIT") == 1
    assert len(await names(statements)) == WAITING


async def test_a_change_is_read_after_its_answer(statements: Statements) -> None:
    """Each read finds the change before it."""
    await statements.execute(ADD, user("alice"))
    for number in range(200):
        assert await statements.execute_once(RENAME, {"whose": "alice", "new_name": f"a{number}"})
        [row] = await statements.fetch(FIND, {"whose": "alice"})
        assert row.username == f"a{number}"


async def test_a_change_that_fails_undoes_only_itself(file: Path, statements: Statements, trace: list[str]) -> None:
    """Of changes that are committed together, those that break a constraint fail and the others succeed."""
    await statements.execute(ADD, user("taken"))
    trace.clear()
    with locked(file):
        given = ["one", "taken", "two", "taken", "three"]
        adding = [asyncio.create_task(statements.execute(ADD, user(name))) for name in given]
        await asyncio.sleep(0)
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert [result if result == 1 else type(result) for result in results] == [1, AlreadyExists, 1, AlreadyExists, 1]
    assert trace.count("COMMIT") == 1
    assert await names(statements) == ["one", "taken", "three", "two"]


async def test_values_that_sqlite_cannot_store_fail_alone(file: Path, statements: Statements) -> None:
    """A number that is too large and half of a surrogate pair fail, and not what waits with them."""
    with locked(file):
        given = [user("one"), user("two") | {"credential_version": 1 << 70}, user("\ud800"), user("three")]
        adding = [asyncio.create_task(statements.execute(ADD, each)) for each in given]
        await asyncio.sleep(0)
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert [result if result == 1 else type(result) for result in results] == [1, StoreUnavailable, StoreUnavailable, 1]
    assert await names(statements) == ["one", "three"]


async def test_changes_that_sqlite_undid_run_again(
    file: Path, statements: Statements, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error such as a full disk undoes the whole transaction. Then each change runs alone, and only those fail that
    cannot succeed.
    """

    def open_small(url: DatabaseUrl, *, busy_seconds: float) -> sqlite3.Connection:
        connection = open_connection(url, busy_seconds=busy_seconds)
        [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        return connection

    monkeypatch.setattr(sqlite_writer, "open_connection", open_small)
    with locked(file):
        large = user("large") | {"password_hash": "x" * 1_000_000}
        adding = [asyncio.create_task(statements.execute(ADD, each)) for each in (user("one"), large, user("two"))]
        await asyncio.sleep(0)
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert [result if result == 1 else type(result) for result in results] == [1, StoreUnavailable, 1]
    assert await names(statements) == ["one", "two"]


async def test_a_transaction_that_sqlite_undid_is_repaired(
    file: Path, statements: Statements, trace: list[str]
) -> None:
    """If one change makes SQLite undo the whole transaction, the others succeed, each of them once."""
    await statements.execute(ADD, user("taken"))
    trace.clear()
    with locked(file):
        adding = [asyncio.create_task(statements.execute(ADD, user(f"u{n}"))) for n in range(WAITING)]
        spoiling = asyncio.create_task(statements.execute(SPOIL, {"taken": "taken"}))
        adding += [asyncio.create_task(statements.execute(ADD, user(f"v{n}"))) for n in range(WAITING)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*adding) == [1] * (2 * WAITING)
    with pytest.raises(AlreadyExists):
        await spoiling
    assert trace.count("COMMIT") == 2 * WAITING
    assert len(await names(statements)) == 2 * WAITING + 1


async def test_a_change_is_not_made_after_its_time(file: Path) -> None:
    """A change that found the file locked until its caller gave up is never made."""
    executor = SqliteExecutor(DatabaseUrl(f"sqlite:///{file}"), IMPATIENT)
    statements = Statements(executor)
    with locked(file):
        adding = [asyncio.create_task(statements.execute(ADD, user(f"u{n}"))) for n in range(WAITING)]
        results = await asyncio.gather(*adding, return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    await executor.close()
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM users").fetchall() == [(0,)]


async def test_a_change_whose_caller_is_cancelled_is_made(statements: Statements, file: Path) -> None:
    """A caller that goes away while its change waits does not stop it."""
    with locked(file):
        task = asyncio.create_task(statements.execute(ADD, user("alice")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await statements.wait_until_idle()
    assert await names(statements) == ["alice"]


async def test_a_long_read_leaves_the_event_loop(statements: Statements, executor: SqliteExecutor) -> None:
    """A list of many rows is complete. It is read in a thread, and that of a few rows on the event loop."""
    await statements.execute(ADD, user("alice"))
    assert await names(statements) == ["alice"]
    assert executor._reader._long == set()
    await asyncio.gather(*(statements.execute(ADD, user(f"u{n:04}")) for n in range(2_000)))
    assert len(await names(statements)) == 2_001
    assert [each.sql for each in executor._reader._long] == [statements._compile(ALL, {}).sql]
    assert len(await names(statements)) == 2_001


async def test_a_long_change_leaves_the_event_loop(
    file: Path, statements: Statements, executor: SqliteExecutor
) -> None:
    """A change of many rows runs in the thread, also the first time, when it was begun on the event loop. What waits
    with it is made too.
    """
    await asyncio.gather(*(statements.execute(ADD, user(f"u{n:04}")) for n in range(2_000)))
    assert executor._writer._long == set()
    for scope, name in (("first", "alice"), ("second", "bob")):
        changing = (statements.execute(CHANGE_ALL, {"new_scope": scope}), statements.execute(ADD, user(name)))
        assert sorted(await asyncio.gather(*changing)) in ([1, 2_000], [1, 2_001], [1, 2_002])
        assert [each.sql for each in executor._writer._long] == [statements._compile(CHANGE_ALL, {"new_scope": ""}).sql]
        rows = await statements.fetch(ALL, {})
        assert {row.scope for row in rows} - {"account"} == {scope}
    assert len(rows) == 2_002


async def test_a_commit_that_takes_too_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is slow, callers get their error in time, and the event loop goes on. What was begun is committed."""
    committing, released = threading.Event(), threading.Event()

    def hold_up(statement: str) -> None:
        if statement == "COMMIT":
            committing.set()
            released.wait(30)

    def open_slow(url: DatabaseUrl, *, busy_seconds: float) -> sqlite3.Connection:
        connection = open_connection(url, busy_seconds=busy_seconds)
        connection.set_trace_callback(hold_up)
        return connection

    monkeypatch.setattr(sqlite_writer, "open_connection", open_slow)
    executor = SqliteExecutor(DatabaseUrl(f"sqlite:///{file}"), IMPATIENT)
    statements = Statements(executor)
    adding = asyncio.create_task(statements.execute(ADD, user("begun")))
    await asyncio.to_thread(committing.wait)
    late = asyncio.create_task(statements.execute(ADD, user("late")))
    results = await asyncio.gather(adding, late, return_exceptions=True)
    assert [type(result) for result in results] == [StoreUnavailable] * 2
    released.set()
    await executor.wait_until_idle()
    assert await names(statements) == ["begun"]
    await executor.close()


async def test_a_read_without_end_is_ended(file: Path) -> None:
    """A read that takes too long fails in time, does not hold up the event loop, and frees its thread."""
    executor = SqliteExecutor(DatabaseUrl(f"sqlite:///{file}"), StoreOptions(timeout=0.5, connections=3))
    statements = Statements(executor)
    started = time.monotonic()
    reading = [asyncio.create_task(statements.fetch(ENDLESS, {})) for _ in range(4)]
    for _ in range(10):
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in reading)
        assert await statements.fetch(FIND, {"whose": "nobody"}) == []
    results = await asyncio.gather(*reading, return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    await executor.close()
    assert time.monotonic() - started < 10


async def test_a_broken_connection_is_replaced(statements: Statements, executor: SqliteExecutor) -> None:
    """After an error that is not the statement's, the next call opens the file again."""
    await statements.execute(ADD, user("alice"))
    assert await names(statements) == ["alice"]
    for connection in (executor._reader._connection, executor._writer._connection):
        assert connection is not None
        connection.close()
    assert await names(statements) == ["alice"]
    with pytest.raises(StoreUnavailable):
        await statements.execute(ADD, user("bob"))
    await statements.execute(ADD, user("bob"))
    assert await names(statements) == ["alice", "bob"]


async def test_every_connection_has_its_settings(statements: Statements, executor: SqliteExecutor) -> None:
    """The writer flushes each commit, erases what it deletes and lets others read; readers cannot write."""
    await statements.execute(ADD, user("alice"))
    await statements.fetch(ALL, {})
    writer, reader = executor._writer._connection, executor._reader._connection
    assert writer is not None
    assert reader is not None
    for connection, query_only in ((writer, 0), (reader, 1)):
        for setting, expected in (
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("secure_delete", 1),
            ("query_only", query_only),
        ):
            assert connection.execute(f"PRAGMA {setting}").fetchall() == [(expected,)]
    with pytest.raises(StoreUnavailable):
        await statements.fetch(ADD, user("bob"))


def test_who_waits_for_the_turn_gets_it(file: Path) -> None:
    """A writer cannot begin again while another one has the turn and waits for the database."""
    first, second = WriterTurns(file), WriterTurns(file)
    order: list[str] = []
    entered = threading.Event()

    def wait_for_the_database() -> None:
        with second.turn(until=time.monotonic() + 60):
            entered.set()
            time.sleep(0.05)
            order.append("second")

    waiting = threading.Thread(target=wait_for_the_database)
    waiting.start()
    assert entered.wait(60)
    with first.turn(until=time.monotonic() + 60):
        order.append("first")
    waiting.join()
    assert order == ["second", "first"]
    for turns in (first, second):
        turns.close()


def test_a_process_that_is_stopped_in_its_turn_stops_no_other(file: Path) -> None:
    """Who waits too long for the turn goes on without it."""
    first, second = WriterTurns(file), WriterTurns(file)
    with first.turn(until=time.monotonic() + 60), second.turn(until=time.monotonic() + 60):
        pass
    for turns in (first, second):
        turns.close()
