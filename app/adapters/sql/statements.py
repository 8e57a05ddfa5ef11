"""Run SQL statements with a time limit. Each statement is a transaction of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, TypeVar

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from ...domain.errors import AlreadyExists, StoreUnavailable

_T = TypeVar("_T")

_MAX_ATTEMPTS: Final = 5
_LOST_RACE_STATES: Final = frozenset({"40001", "40P01"})
"""The SQLSTATE of a serialization failure and of a deadlock: the database rolled this statement back."""


class LostRace(Exception):
    """The database rolled the statement back, because another one ran at the same time."""


class Statements:
    """Runs single statements on the connections of an engine that commits each of them.

    Every method raises ``StoreUnavailable`` after ``timeout`` seconds at the latest, whatever the database does. If the
    caller is cancelled, the statement still runs to its end: cancelling it would close its connection.
    """

    def __init__(self, engine: AsyncEngine, *, timeout: float) -> None:
        self.dialect = engine.dialect.name
        self._engine = engine
        self._timeout = timeout
        self._running: set[asyncio.Task[Any]] = set()
        # SQLite has one writer at a time. Writers wait here in order: one that waits in SQLite would block a thread.
        self._write_lock: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.dialect == "sqlite" else nullcontext()
        )

    async def fetch(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        """Return the rows of a query, which is repeated if it lost a race."""
        return await self._retry(lambda: self._run(statement, parameters, _rows, lock=nullcontext()))

    async def execute(self, statement: Executable, parameters: Mapping[str, object]) -> int:
        """Run a change, repeat it if it lost a race, and return how many rows it changed.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        return await self._retry(lambda: self._run(statement, parameters, _row_count, lock=self._write_lock))

    async def execute_returning(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        """Run a change, repeat it if it lost a race, and return the rows of its ``RETURNING``."""
        return await self._retry(lambda: self._run(statement, parameters, _rows, lock=self._write_lock))

    async def execute_once(self, statement: Executable, parameters: Mapping[str, object]) -> bool:
        """Run a change once; return whether it changed a row. One that lost a race changed none.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        try:
            return await self._run(statement, parameters, _row_count, lock=self._write_lock) > 0
        except LostRace:
            return False

    async def wait_until_idle(self) -> None:
        """Return when no statement is running."""
        while self._running:
            await asyncio.wait(self._running)

    async def _retry(self, run: Callable[[], Awaitable[_T]]) -> _T:
        for _ in range(_MAX_ATTEMPTS):
            try:
                return await run()
            except LostRace as error:
                lost = error
        raise StoreUnavailable from lost

    async def _run(
        self,
        statement: Executable,
        parameters: Mapping[str, object],
        read: Callable[[CursorResult[Any]], _T],
        *,
        lock: AbstractAsyncContextManager[Any],
    ) -> _T:
        """Run a statement in a task. After the time limit the task is cancelled and not awaited, because closing its
        connection takes time too.
        """
        task = asyncio.create_task(self._execute(statement, parameters, read, lock))
        self._running.add(task)
        task.add_done_callback(self._on_done)
        deadline = asyncio.get_running_loop().call_later(self._timeout, task.cancel)
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        if not done or task.cancelled():
            raise StoreUnavailable from TimeoutError(f"no answer within {self._timeout} s")
        deadline.cancel()
        return task.result()

    async def _execute(
        self,
        statement: Executable,
        parameters: Mapping[str, object],
        read: Callable[[CursorResult[Any]], _T],
        lock: AbstractAsyncContextManager[Any],
    ) -> _T:
        try:
            async with lock, self._engine.connect() as connection:
                return read(await connection.execute(statement, parameters))
        except IntegrityError as error:
            raise AlreadyExists from error
        except Exception as error:
            if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_RACE_STATES:
                raise LostRace from error
            raise StoreUnavailable from error

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # asyncio logs an exception that nobody reads; the caller may be gone


def _rows(result: CursorResult[Any]) -> Sequence[Row[Any]]:
    return result.all()


def _row_count(result: CursorResult[Any]) -> int:
    return result.rowcount
