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
        self._running.add(statement)
        statement.add_done_callback(self._on_done)
        deadline = asyncio.get_running_loop().call_later(self._timeout, statement.cancel)
        done, _ = await asyncio.wait({statement}, timeout=self._timeout)
        if not done or statement.cancelled():
            raise StoreUnavailable from TimeoutError(f"no answer within {self._timeout} s")
        deadline.cancel()
        return statement.result()

    async def wait_until_idle(self) -> None:
        """Return when no statement is running."""
        while self._running:
            await asyncio.wait(self._running)

    def _on_done(self, statement: asyncio.Future[Any]) -> None:
        self._running.discard(statement)
        if not statement.cancelled():
            statement.exception()  # asyncio logs an exception that nobody reads; the caller may be gone
