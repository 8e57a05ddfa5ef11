"""Read from a SQLite file: short reads on the event loop, long ones in threads."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .sqlite_connection import is_busy, is_interrupted, open_connection, store_error
from .sqlite_faults import WrongFile
from .sqlite_file import SqliteFile
from .sqlite_steps import StepLimit

_STEPS: Final = 10_000
"""Instructions of SQLite's virtual machine after which a thread looks at the time."""

_MAX_THREADS: Final = 4


class SqliteReader:
    """Reads on the event loop, which takes microseconds. A read that turns out to be long, or that finds the file
    locked, starts again in a thread, and its statement runs in threads from then on.
    """

    def __init__(
        self, url: DatabaseUrl, *, file: SqliteFile, timeout: float, busy_seconds: float, threads: int
    ) -> None:
        self._url = url
        self._file = file
        self._timeout = timeout
        self._busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None
        self._limit = StepLimit()
        self._long: set[CompiledStatement] = set()
        self._thread_count = max(1, min(threads, _MAX_THREADS))
        self._threads: ThreadPoolExecutor | None = None
        self._of_thread = threading.local()
        self._in_threads: list[sqlite3.Connection] = []

    def read_at_once(self, statement: CompiledStatement, arguments: Sequence[object]) -> Sequence[Any] | None:
        """Return the rows, or ``None`` if the read must run in a thread."""
        if statement in self._long:
            return None
        self._verify()
        try:
            connection = self._connection_of_loop()
            with self._limit:
                return _rows(connection, statement, arguments)
        except Exception as error:  # noqa: BLE001  # the thread meets it too
            if is_interrupted(error):
                self._long.add(statement)
            elif not is_busy(error):
                _close(self._connection)
                self._connection = None
        return None

    def verify_file(self) -> None:
        """Raise ``StoreUnavailable`` if the file is not the one that was opened. The schema may have changed."""
        try:
            self._file.verify_with(self._connection_of_loop())
        except (WrongFile, sqlite3.Error) as error:
            raise store_error(error) from error

    def read_in_thread(
        self, statement: CompiledStatement, arguments: Sequence[object]
    ) -> asyncio.Future[Sequence[Any]]:
        """Return the future rows."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._thread_count, thread_name_prefix="sqlite-reader")
        deadline = time.monotonic() + self._timeout
        return asyncio.get_running_loop().run_in_executor(self._threads, self._read, statement, arguments, deadline)

    def close(self) -> None:
        """Close the connections, when the threads have finished. The next read opens new ones."""
        if self._threads is not None:
            self._threads.shutdown()
        for connection in (self._connection, *self._in_threads):
            _close(connection)
        self._threads = self._connection = None
        self._of_thread = threading.local()
        self._in_threads.clear()

    def _read(self, statement: CompiledStatement, arguments: Sequence[object], deadline: float) -> Sequence[Any]:
        self._verify()
        try:
            connection = self._connection_of_thread()
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            return _rows(connection, statement, arguments)
        except Exception as error:
            if not is_busy(error) and not is_interrupted(error):
                _close(getattr(self._of_thread, "connection", None))
                self._of_thread.connection = None
            raise store_error(error) from error

    def _verify(self) -> None:
        try:
            self._file.verify()
        except WrongFile as error:
            raise store_error(error) from error

    def _connection_of_loop(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._open(busy_seconds=0.0)
            self._limit.watch(self._connection)
        return self._connection

    def _connection_of_thread(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._open(busy_seconds=self._busy_seconds)
            self._in_threads.append(connection)
        return connection

    def _open(self, *, busy_seconds: float) -> sqlite3.Connection:
        connection = open_connection(self._url, busy_seconds=busy_seconds)
        connection.execute("PRAGMA query_only=ON")
        self._file.learn(connection)
        return connection


def _rows(connection: sqlite3.Connection, statement: CompiledStatement, arguments: Sequence[Any]) -> Sequence[Any]:
    cursor = connection.execute(statement.sql, arguments)
    return statement.rows(cursor.fetchall(), lambda: [column[0] for column in cursor.description])


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        with suppress(sqlite3.Error):
            connection.close()
