"""Statements that run while their callers wait."""

import asyncio
from typing import Any, TypeVar

from ...domain.errors import StoreUnavailable

_T = TypeVar("_T")


class RunningStatements:
    """The statements that run. A caller waits for its statement, at most ``timeout`` seconds."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._running: set[asyncio.Future[Any]] = set()

    async def result_of(self, statement: asyncio.Future[_T]) -> _T:
        """Return the result of a statement. If the caller is cancelled, the statement still runs to its end.

        Raises ``StoreUnavailable`` after the time limit. Then the statement is cancelled and not awaited, because
        closing its connection takes time too.
        """
        loop = asyncio.get_running_loop()
        end: asyncio.Future[None] = loop.create_future()
        deadline = loop.call_later(self._timeout, _give_up, statement, end)

        def on_done(_: object) -> None:
            self._running.discard(statement)
            deadline.cancel()
            if not end.done():
                end.set_result(None)
            if not statement.cancelled():
                statement.exception()  # asyncio logs an exception that nobody reads; the caller may be gone

        self._running.add(statement)
        statement.add_done_callback(on_done)
        await end
        if not statement.done() or statement.cancelled():
            late = TimeoutError(f"no answer within {self._timeout} s")
            raise StoreUnavailable(text=f"The database gave {late}. It is too slow, or a lock is held.") from late
        return statement.result()

    async def wait_until_idle(self) -> None:
        """Return when no statement is running."""
        while self._running:
            await asyncio.wait(self._running)


def _give_up(statement: asyncio.Future[Any], end: asyncio.Future[None]) -> None:
    statement.cancel()
    if not end.done():
        end.set_result(None)
