"""A change of a SQLite file, until its result is known."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy.sql.compiler import ExpandedState

from .compiled import CompiledStatement
from .executor import Outcome
from .sqlite_connection import store_error

_MAX_CHECKS: Final = 0x7FFF_FFFF

_NO_STATEMENT: Final = CompiledStatement(ExpandedState("", {}, {}, (), {}), {}, ())


class Change:
    """A statement that changes something, and the caller that waits for its result. It is not started after the moment
    ``start_by`` of the monotonic clock: its caller is gone, or will be before the commit.
    """

    __slots__ = ("_arguments", "_error", "_outcome", "_returning", "future", "start_by", "statement")

    def __init__(
        self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool, start_by: float
    ) -> None:
        self.statement = statement
        self.start_by = start_by
        self.future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._arguments = arguments
        self._returning = returning
        self._outcome: Outcome | None = None
        self._error: Exception | None = None

    def has_run(self) -> bool:
        """Return whether the statement has a result or an error, which counts when it is committed."""
        return self._outcome is not None or self._error is not None

    def run(self, connection: sqlite3.Connection) -> None:
        """Run the statement. One that fails undoes itself, and not the statements before it."""
        if time.monotonic() > self.start_by:
            self.fail(TimeoutError("the database was locked"))
            return
        try:
            self._outcome = self._run(connection)
        except Exception as error:  # noqa: BLE001  # the caller gets it
            self.fail(error)

    def _run(self, connection: sqlite3.Connection) -> Outcome:
        before = connection.total_changes
        cursor = connection.execute(self.statement.sql, self._arguments)
        if not self._returning:
            return Outcome(connection.total_changes - before, ())
        rows = self.statement.rows(cursor.fetchall(), lambda: [column[0] for column in cursor.description])
        return Outcome(len(rows), rows)

    def error(self) -> Exception | None:
        """Return the error of the statement, if it failed."""
        return self._error

    def forget(self) -> None:
        """Forget the result: the statement was undone, and can run again."""
        self._outcome = self._error = None

    def fail(self, error: Exception) -> None:
        """Give the caller this error."""
        self._outcome, self._error = None, error

    def give_up(self) -> None:
        """Tell the caller that its time is over. The change may still be made."""
        if not self.future.done():
            self.future.set_exception(store_error(TimeoutError("no commit in time")))

    def answer(self) -> None:
        """Give the caller its result, unless it is gone."""
        if self.future.done():
            return
        if self._outcome is None:
            self.future.set_exception(store_error(self._error or RuntimeError("not run")))
        else:
            self.future.set_result(self._outcome)


class Check(Change):
    """A change that shows whether the file can be written: it counts in the header of the file. ``SqliteFile`` knows by
    this number whether another file was copied over this one.
    """

    def __init__(self, *, start_by: float) -> None:
        super().__init__(_NO_STATEMENT, (), returning=False, start_by=start_by)

    def _run(self, connection: sqlite3.Connection) -> Outcome:
        [checks] = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version={(checks + 1) & _MAX_CHECKS}")
        return Outcome(1, ())
