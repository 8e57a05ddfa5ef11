"""Run statements on PostgreSQL, with asyncpg."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from ...domain.errors import AlreadyExists, StoreUnavailable
from ...ports.session_store import StoreOptions
from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .executor import Executor, LostRace, Outcome
from .postgres_connections import PostgresConnections
from .running import RunningStatements

_LOST_RACE_STATES: Final = frozenset({"40001", "40P01"})
"""The SQLSTATE of a serialization failure and of a deadlock: the database rolled this statement back."""

_INTEGRITY_CLASS: Final = "23"
"""The first two characters of the SQLSTATE of a constraint that a change would violate."""


class PostgresExecutor(Executor):
    """Runs each statement in a task of its own, so that a caller that goes away does not cost a connection."""

    def __init__(self, url: DatabaseUrl, options: StoreOptions) -> None:
        self.dialect: Dialect = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        self._connections = PostgresConnections(url, options)
        self._running = RunningStatements(timeout=options.timeout)

    async def fetch(self, statement: CompiledStatement, arguments: Sequence[object]) -> Sequence[Any]:
        return (await self.change(statement, arguments, returning=True)).rows

    async def change(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        return await self._running.result_of(asyncio.create_task(self._run(statement, arguments, returning=returning)))

    async def wait_until_idle(self) -> None:
        await self._running.wait_until_idle()

    async def close(self) -> None:
        await self._connections.close()

    async def _run(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        try:
            if returning:
                found = await self._connections.run(lambda each: each.fetch(statement.sql, *arguments))
                return Outcome(len(found), statement.rows(found, found[0].keys) if found else ())
            status = await self._connections.run(lambda each: each.execute(statement.sql, *arguments))
            return Outcome(_rows_of(status), ())
        except Exception as error:
            state = getattr(error, "sqlstate", None) or ""
            if state.startswith(_INTEGRITY_CLASS):
                raise AlreadyExists from error
            if state in _LOST_RACE_STATES:
                raise LostRace from error
            raise StoreUnavailable from error


def _rows_of(status: str) -> int:
    """Return the number at the end of a status such as ``UPDATE 1``."""
    return int(status.rpartition(" ")[2])
