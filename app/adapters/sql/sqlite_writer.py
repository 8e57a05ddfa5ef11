"""Write to a SQLite file, in one thread: what waits is committed together."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .executor import Outcome
from .sqlite_connection import is_busy, open_connection, store_error
from .sqlite_turns import WriterTurns

_POLL_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005)
"""Pauses while another process writes. The last one is repeated."""


class Change:
    """A statement that changes something, until its result is known."""

    __slots__ = ("_arguments", "_returning", "_statement", "error", "future", "outcome", "start_by")

    def __init__(
        self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool, start_by: float
    ) -> None:
        self._statement = statement
        self._arguments = arguments
        self._returning = returning
        self.start_by = start_by
        self.future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.outcome: Outcome | None = None
        self.error: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Run the statement. One that fails undoes itself, and not the statements before it.

        It is not started after its time: its caller is gone, or will be before the commit.
        """
        self.error = self.outcome = None
        if time.monotonic() > self.start_by:
            self.error = TimeoutError("the database was locked")
            return
        try:
            before = connection.total_changes
            cursor = connection.execute(self._statement.sql, self._arguments)
            if self._returning:
                rows = self._statement.rows(cursor.fetchall(), lambda: [column[0] for column in cursor.description])
                self.outcome = Outcome(len(rows), rows)
            else:
                self.outcome = Outcome(connection.total_changes - before, ())
        except Exception as error:  # noqa: BLE001  # the caller gets it
            self.error = error

    def answer(self) -> None:
        """Give the caller its result, unless it is gone."""
        if self.future.done():
            return
        if self.outcome is None:
            self.future.set_exception(store_error(self.error or RuntimeError("not run")))
        else:
            self.future.set_result(self.outcome)


class SqliteWriter:
    """The only thread of this process that writes. It takes all changes that wait into one transaction, so that they
    cost one ``fsync``, and answers them when it is committed.
    """

    def __init__(self, url: DatabaseUrl) -> None:
        self._url = url
        self._waiting: SimpleQueue[Change | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._turns: WriterTurns | None = None

    def submit(self, change: Change) -> None:
        """Let a change be made. All changes come from one event loop, which gets their results."""
        if self._thread is None:
            self._thread = Thread(target=self._serve, name="sqlite-writer", daemon=True)
            self._thread.start()
        self._waiting.put(change)

    def close(self) -> None:
        """Make the changes that wait, and close the connection."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _serve(self) -> None:
        while (first := self._waiting.get()) is not None:
            changes = [first]
            try:
                self._begin(until=first.start_by)
                changes += self._take_waiting()
                self._commit(changes)
            except Exception as error:  # noqa: BLE001  # the callers get it, and the next change a new connection
                self._fail(changes, error)
            loop = first.future.get_loop()
            with suppress(RuntimeError):  # the loop is closed, and nobody waits
                loop.call_soon_threadsafe(_answer, changes)
        self._disconnect()

    def _begin(self, *, until: float) -> None:
        """Get the lock of the file. Another process that waits for it gets it first."""
        if self._turns is None:
            self._turns = WriterTurns(self._url.file)
        if self._connection is None:
            self._connection = open_connection(self._url, busy_seconds=max(0.0, until - time.monotonic()))
            self._connection.execute("PRAGMA busy_timeout=0")
        with self._turns.turn(until=until):
            for pause in _pauses():
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as error:
                    if not is_busy(error) or time.monotonic() + pause > until:
                        raise
                    time.sleep(pause)
                else:
                    return

    def _take_waiting(self) -> Iterator[Change]:
        with suppress(Empty):
            while (change := self._waiting.get_nowait()) is not None:
                yield change
            self._waiting.put(None)

    def _commit(self, changes: Sequence[Change]) -> None:
        """Run the changes in the transaction that has begun, and commit it."""
        assert self._connection is not None
        for change in changes:
            change.run(self._connection)
            if not self._connection.in_transaction:  # out of space or memory: SQLite has undone all of them
                self._commit_apart(changes)
                return
        self._connection.execute("COMMIT")

    def _commit_apart(self, changes: Sequence[Change]) -> None:
        """Run each change in a transaction of its own, so that one that cannot succeed takes no other with it."""
        if len(changes) == 1:
            return
        for change in changes:
            try:
                self._begin(until=change.start_by)
                self._commit([change])
            except Exception as error:  # noqa: BLE001  # as in _serve
                self._fail([change], error)

    def _fail(self, changes: Sequence[Change], error: Exception) -> None:
        for change in changes:
            change.outcome, change.error = None, error
        if not is_busy(error) or (self._connection is not None and self._connection.in_transaction):
            self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection, which ends a transaction that is open."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if self._turns is not None:
            self._turns.close()
            self._turns = None


def _pauses() -> Iterator[float]:
    yield from _POLL_SECONDS
    while True:
        yield _POLL_SECONDS[-1]


def _answer(changes: Sequence[Change]) -> None:
    for change in changes:
        change.answer()
