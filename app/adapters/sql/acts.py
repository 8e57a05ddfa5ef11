"""Running statements: each is an act of its own, done within a time or given up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final, TypeVar

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ...domain.errors import AlreadyExists, StoreUnavailable

_T = TypeVar("_T")

_ATTEMPTS: Final = 5
_LOST_RACES: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of a serialization failure and of a deadlock: the statement was not done, because another was."""


class LostRace(Exception):
    """The database preferred another transaction to this one."""


class Acts:
    """Runs single statements on the connections of an engine that commits each of them.

    Every method raises ``StoreUnavailable`` after ``timeout`` seconds at the latest, whatever the database does. An act
    goes on where its caller was cancelled, so that a client that goes away costs no connection.
    """

    def __init__(self, engine: AsyncEngine, *, timeout: float) -> None:
        self._engine = engine
        self._timeout = timeout
        self._running: set[asyncio.Task[Any]] = set()
        # SQLite has one writer at a time; who waits here waits in order, and burns no thread.
        self._writing: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    async def rows(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        """Return what a query finds."""

        async def act(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(statement, parameters)).all()

        return await self._again_and_again(lambda: self._run(act))

    async def changes(self, statement: Executable, parameters: Mapping[str, object]) -> int:
        """Make a change that must not be lost to another; return how many rows it changed.

        Raises ``AlreadyExists`` for an identifier that is taken.
        """
        return await self._again_and_again(lambda: self._change(statement, parameters))

    async def wins(self, statement: Executable, parameters: Mapping[str, object]) -> bool:
        """Make a change that may be lost to another; return whether it changed a row."""
        try:
            return await self._change(statement, parameters) > 0
        except LostRace:
            return False

    async def changed(self, statement: Executable, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        """Make a change that must not be lost to another; return what its ``RETURNING`` tells of the changed rows."""

        async def act(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(statement, parameters)).all()

        return await self._again_and_again(lambda: self._run(act, before=self._writing))

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def _again_and_again(self, act: Callable[[], Awaitable[_T]]) -> _T:
        for _ in range(_ATTEMPTS):
            try:
                return await act()
            except LostRace as error:
                lost = error
        raise StoreUnavailable from lost

    async def _change(self, statement: Executable, parameters: Mapping[str, object]) -> int:
        async def act(connection: AsyncConnection) -> int:
            result: CursorResult[Any] = await connection.execute(statement, parameters)
            return result.rowcount

        return await self._run(act, before=self._writing)

    async def _run(
        self,
        act: Callable[[AsyncConnection], Awaitable[_T]],
        before: AbstractAsyncContextManager[Any] | None = None,
    ) -> _T:
        """Do ``act`` on a connection. Past its time it is cancelled, and not waited for: closing takes time too."""
        task = asyncio.create_task(self._connected(act, before or nullcontext()))
        self._running.add(task)
        task.add_done_callback(self._finished)
        deadline = asyncio.get_running_loop().call_later(self._timeout, task.cancel)
        done, _ = await asyncio.wait({task}, timeout=self._timeout)
        if not done or task.cancelled():
            raise StoreUnavailable from TimeoutError(f"no answer within {self._timeout} s")
        deadline.cancel()
        return task.result()

    async def _connected(
        self, act: Callable[[AsyncConnection], Awaitable[_T]], before: AbstractAsyncContextManager[Any]
    ) -> _T:
        try:
            async with before, self._engine.connect() as connection:
                return await act(connection)
        except IntegrityError as error:
            raise AlreadyExists from error
        except Exception as error:
            if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_RACES:
                raise LostRace from error
            raise StoreUnavailable from error

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to ask for it
