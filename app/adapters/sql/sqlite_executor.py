"""Run statements on a SQLite file, with the ``sqlite3`` of the standard library."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite import dialect

from ...ports.session_store import StoreOptions
from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .executor import Executor, Outcome
from .running import RunningStatements
from .sqlite_reader import SqliteReader
from .sqlite_writer import Change, SqliteWriter

_BUSY_SHARE: Final = 0.8
"""The share of the time limit after which a change is not started any more. The rest is for its commit."""

_OTHER_CONNECTIONS: Final = 2
"""The connection of the event loop and that of the writer."""


class SqliteExecutor(Executor):
    """Reads on the event loop, and writes in one thread."""

    def __init__(self, url: DatabaseUrl, options: StoreOptions) -> None:
        self.dialect: Dialect = dialect()
        self._busy_seconds = options.timeout * _BUSY_SHARE
        self._running = RunningStatements(timeout=options.timeout)
        self._writer = SqliteWriter(url)
        self._reader = SqliteReader(
            url,
            timeout=options.timeout,
            busy_seconds=self._busy_seconds,
            threads=options.connections - _OTHER_CONNECTIONS,
        )

    async def fetch(self, statement: CompiledStatement, arguments: Sequence[object]) -> Sequence[Any]:
        rows = self._reader.read_at_once(statement, arguments)
        if rows is None:
            rows = await self._running.result_of(self._reader.read_in_thread(statement, arguments))
        return rows

    async def change(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        start_by = time.monotonic() + self._busy_seconds
        change = Change(statement, arguments, returning=returning, start_by=start_by)
        self._writer.submit(change)
        return await self._running.result_of(change.future)

    async def wait_until_idle(self) -> None:
        await self._running.wait_until_idle()

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._reader.close)
