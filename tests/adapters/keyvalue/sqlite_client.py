"""A store of keys and values in a SQLite file, to prove the base for such stores on every machine."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from app.adapters.keyvalue.client import ABSENT, Entry, KeyValueClient
from app.adapters.keyvalue.store import KeyValueStore
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions

_T = TypeVar("_T")

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (revision INTEGER NOT NULL);
INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT * FROM counter);
"""


class SqliteClient(KeyValueClient):
    """Every operation is one transaction in a thread. ``delay`` is in seconds, for each answer."""

    failures: tuple[type[Exception], ...] = (sqlite3.OperationalError,)
    most_changes = 100
    delay: ClassVar[float] = 0.0

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        await self._run(lambda connection: None)

    async def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    async def get(self, keys: Sequence[bytes]) -> Sequence[Entry]:
        assert len(keys) <= 100
        places = ", ".join("?" * len(keys))
        return await self._read(f"SELECT key, value, revision FROM entries WHERE key IN ({places})", keys)  # noqa: S608

    async def range(self, start: bytes, end: bytes, *, limit: int) -> Sequence[Entry]:
        assert 0 < limit <= 1_000
        found = "SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
        return await self._read(found, (start, end, limit))

    async def commit(
        self, expected: Mapping[bytes, int], puts: Mapping[bytes, bytes], deletes: Collection[bytes]
    ) -> bool:
        assert len(expected) + len(puts) + len(deletes) <= self.most_changes
        assert all(len(key) <= len(b"keyturn/") + 58 for key in (*expected, *puts, *deletes))

        def commit(connection: sqlite3.Connection) -> bool:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                for key, revision in expected.items():
                    row = connection.execute("SELECT revision FROM entries WHERE key = ?", (key,)).fetchone()
                    if (row or (ABSENT,))[0] != revision:
                        return False
                [revision] = connection.execute(
                    "UPDATE counter SET revision = revision + 1 RETURNING revision"
                ).fetchone()
                connection.executemany("DELETE FROM entries WHERE key = ?", [(key,) for key in deletes])
                rows = [(key, value, revision) for key, value in puts.items()]
                connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)
            return True

        try:
            return await self._run(commit)
        except sqlite3.IntegrityError as error:
            raise StoreUnavailable(text=f"the file refuses changes: {error}", fault="writes_blocked") from error

    async def _read(self, statement: str, parameters: Sequence[object]) -> Sequence[Entry]:
        return await self._run(lambda connection: [Entry(*row) for row in connection.execute(statement, parameters)])

    async def _run(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        if self.delay:
            await asyncio.sleep(self.delay)
        return await asyncio.to_thread(self._locked, act)

    def _locked(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            if self._connection is None:
                connection = sqlite3.connect(self._path, timeout=20, isolation_level=None, check_same_thread=False)
                connection.executescript(_SCHEMA)
                connection.execute("PRAGMA synchronous = OFF")  # survives a SIGKILL, and no power cut
                self._connection = connection
            return act(self._connection)


class SqliteKeyValueStore(KeyValueStore):
    """The store of a file. Its URL is ``keyvalue:`` and the path."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        super().__init__(partial(SqliteClient, url.removeprefix("keyvalue:")), options)


@contextmanager
def no_row_changes(path: Path) -> Iterator[None]:
    """Let the file refuse every change of an entry."""
    connection = sqlite3.connect(path, isolation_level=None)
    acts = ("INSERT", "UPDATE", "DELETE")
    for act in acts:
        connection.execute(f"CREATE TRIGGER no_{act} BEFORE {act} ON entries BEGIN SELECT RAISE(ABORT, 'blocked'); END")
    try:
        yield
    finally:
        for act in acts:
            connection.execute(f"DROP TRIGGER no_{act}")
        connection.close()


@contextmanager
def slow_answers(seconds: float) -> Iterator[None]:
    """Let each answer come later."""
    SqliteClient.delay = seconds
    try:
        yield
    finally:
        SqliteClient.delay = 0.0
