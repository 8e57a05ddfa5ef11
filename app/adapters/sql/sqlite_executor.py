"""Run statements on a SQLite file, with the ``sqlite3`` of the standard library."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects.sqlite import dialect

from ...ports.session_store import StoreOptions
from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .executor import Executor, Outcome
from .running import RunningStatements
from .sqlite_change import Change, Check
from .sqlite_file import SqliteFile
from .sqlite_reader import SqliteReader
from .sqlite_writer import SqliteWriter

_BUSY_SHARE: Final = 0.8
"""The share of the time limit after which a change is not started any more. The rest is for its commit."""

_OTHER_CONNECTIONS: Final = 2
"""The connection of the event loop and that of the writer."""


class SqliteExecutor(Executor):
    """Runs short statements on the event loop. Threads commit, and run long statements."""

    def __init__(self, url: DatabaseUrl, options: StoreOptions) -> None:
        self.dialect: Dialect = dialect()
        self._busy_seconds = options.timeout * _BUSY_SHARE
        self._timeout = options.timeout
        self._running = RunningStatements(timeout=options.timeout)
        self._file = SqliteFile(url.file)
        self._writer = SqliteWriter(url, self._file)
        self._reader = SqliteReader(
            url,
            file=self._file,
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
        return await self._make(Change(statement, arguments, returning=returning, start_by=start_by))

    async def check(self) -> None:
        self._reader.verify_file()
        await self._make(Check(start_by=time.monotonic() + self._busy_seconds))

    async def forget_check(self) -> None:
        """Do nothing: a check raises a counter of the file."""

    async def _make(self, change: Change) -> Outcome:
        deadline = asyncio.get_running_loop().call_later(self._timeout, change.give_up)
        self._writer.submit(change)
        try:
            return await change.future
        finally:
            deadline.cancel()

    async def wait_until_idle(self) -> None:
        """Wait for the commit of changes whose callers are gone, too, but not for a disk that never answers."""
        await self._running.wait_until_idle()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._timeout):
                await self._writer.wait_until_idle()

    async def close(self) -> None:
        self._file.spare()
        await asyncio.to_thread(self._writer.close, patience=self._timeout)
        await asyncio.to_thread(self._reader.close)
        self._file.close()
