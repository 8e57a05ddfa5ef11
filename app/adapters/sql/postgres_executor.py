"""Run statements on PostgreSQL, with asyncpg."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from ...domain.errors import AlreadyExists
from ...domain.rate_limits.rate_limit import microseconds
from ...ports.session_store import StoreOptions
from .compiled import CompiledStatement
from .database_url import DatabaseUrl
from .executor import Executor, LostRace, Outcome
from .postgres_connections import PostgresConnections, ServerRole
from .postgres_faults import fault_of, sqlstate_of
from .running import RunningStatements

_LOST_RACE_STATES: Final = frozenset({"40001", "40P01"})
"""The SQLSTATE of a serialization failure and of a deadlock: the database rolled this statement back."""

_INTEGRITY_CLASS: Final = "23"
"""The first two characters of the SQLSTATE of a constraint that a change would violate."""


_PROBE: Final = (
    "INSERT INTO budgets (budget_key, due) VALUES ($1, $2) ON CONFLICT (budget_key) DO UPDATE SET due = excluded.due"
)
_PROBE_LIFETIME: Final = 60.0
_FORGET: Final = "DELETE FROM budgets WHERE budget_key = $1"


class PostgresExecutor(Executor):
    """Runs each statement in a task of its own, so that a caller that goes away does not cost a connection.

    Executors of one server share its ``role``.
    """

    def __init__(self, url: DatabaseUrl, options: StoreOptions, role: ServerRole) -> None:
        self.dialect: Dialect = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
        self._role = role
        self._setting = url.setting
        self._connections = PostgresConnections(url, options, role)
        self._running = RunningStatements(timeout=options.timeout)
        self._probe_key = b"probe:" + os.urandom(8)

    async def fetch(self, statement: CompiledStatement, arguments: Sequence[object]) -> Sequence[Any]:
        return (await self.change(statement, arguments, returning=True)).rows

    async def change(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        return await self._running.result_of(asyncio.create_task(self._run(statement, arguments, returning=returning)))

    async def check(self) -> None:
        """Write a row of this process alone, so that no check waits for that of another process. Rows of processes that
        have ended are deleted with the rate limits that are full.
        """
        due = microseconds(time.time() + _PROBE_LIFETIME)
        await self._running.result_of(
            asyncio.create_task(self._on_connection(lambda each: each.execute(_PROBE, self._probe_key, due)))
        )
        self._role.made_change()

    async def forget_check(self) -> None:
        await self._running.result_of(
            asyncio.create_task(self._on_connection(lambda each: each.execute(_FORGET, self._probe_key)))
        )

    async def wait_until_idle(self) -> None:
        await self._running.wait_until_idle()

    async def close(self) -> None:
        await self._connections.close()

    async def _run(self, statement: CompiledStatement, arguments: Sequence[object], *, returning: bool) -> Outcome:
        if returning:
            found = await self._on_connection(lambda each: each.fetch(statement.sql, *arguments))
            return Outcome(len(found), statement.rows(found, found[0].keys) if found else ())
        status = await self._on_connection(lambda each: each.execute(statement.sql, *arguments))
        return Outcome(_rows_of(status), ())

    async def _on_connection(self, statement: Callable[[Any], Awaitable[Any]]) -> Any:
        """Return the result of a statement, or raise an error of the ports or ``LostRace``."""
        try:
            return await self._connections.run(statement)
        except Exception as error:
            state = sqlstate_of(error)
            if state.startswith(_INTEGRITY_CLASS):
                raise AlreadyExists from error
            if state in _LOST_RACE_STATES:
                raise LostRace from error
            raise fault_of(error, setting=self._setting) from error


def _rows_of(status: str) -> int:
    """Return the number at the end of a status such as ``UPDATE 1``."""
    return int(status.rpartition(" ")[2])
