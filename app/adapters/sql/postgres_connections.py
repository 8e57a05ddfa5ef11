"""Connections to PostgreSQL. A connection in doubt is never used again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from ...ports.session_store import StoreOptions
from .database_url import DatabaseUrl
from .postgres_faults import READ_ONLY_STATE, sqlstate_of

_T = TypeVar("_T")

_REFUSED_CLASSES: Final = ("22", "23", "40")
"""The first two characters of each SQLSTATE with which a server refuses one statement: its values, a constraint, a
race. After them the connection is as before. Every other error says too little about it.
"""

_STATEMENT_TIMEOUT: Final = "57014"


class ServerRole:
    """Whether a server takes changes, as the pools of this process have found. It may be the primary or a standby.

    A connection can outlive a role: its session stays read-only, or it leads to the server that was the primary. So
    each role has a ``generation``, and no connection of an earlier one is used.
    """

    def __init__(self) -> None:
        self.generation = 0
        self._only_reads = False

    def refused_change(self) -> None:
        """Note that a connection turned out to be read-only."""
        self.generation += 1
        self._only_reads = True

    def made_change(self) -> None:
        """Note that a change was made. Connections from the time when it would have been refused are not used again."""
        if self._only_reads:
            self.generation += 1
            self._only_reads = False


class PostgresConnections:
    """At most ``options.connections`` connections, which are opened when they are needed.

    When the ``role`` of the server changes, none of those that are open by then is used again. A connection keeps its
    prepared statements. On one that is pooled, each statement runs in a transaction: a pooler such as PgBouncer may
    change the server between two transactions.
    """

    def __init__(self, url: DatabaseUrl, options: StoreOptions, role: ServerRole) -> None:
        self._url = url
        self._options = options
        self._role = role
        self._turns = asyncio.Semaphore(options.connections)
        self._idle: list[Any] = []
        self._generation = role.generation
        milliseconds = int(options.timeout * 1000)
        self._begin = f"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = {milliseconds}"

    async def run(self, statement: Callable[[Any], Awaitable[_T]]) -> _T:
        """Return the result of a statement on a connection, for which it may have to wait."""
        async with self._turns:
            generation = self._role.generation
            connection = self._take_idle() or await connect(self._url, self._options)
            try:
                if connection.pooled:
                    result = await self._run_in_transaction(connection, statement)
                else:
                    result = await statement(connection)
            except BaseException as error:
                self._put_back_or_discard(connection, error, generation)
                raise
            self._put_back(connection, generation)
            return result

    async def close(self) -> None:
        """Close the connections that are idle. One that the server does not close in time is cut."""
        idle, self._idle = self._idle, []
        closing = (each.close(timeout=self._options.timeout) for each in idle)
        await asyncio.gather(*closing, return_exceptions=True)

    def _take_idle(self) -> Any:
        """Return the connection that was used last, or ``None``. Those that the server has closed are forgotten."""
        if self._generation != self._role.generation:
            self._generation = self._role.generation
            for each in self._idle:
                each.terminate()
            self._idle.clear()
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _run_in_transaction(self, connection: Any, statement: Callable[[Any], Awaitable[_T]]) -> _T:
        await connection.execute(self._begin)
        try:
            result = await statement(connection)
        except Exception:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")
        return result

    def _put_back_or_discard(self, connection: Any, error: BaseException, generation: int) -> None:
        state = sqlstate_of(error)
        if state.startswith(_REFUSED_CLASSES) or state == _STATEMENT_TIMEOUT:
            self._put_back(connection, generation)
            return
        connection.terminate()
        if state == READ_ONLY_STATE:  # the others lead to the same server
            self._role.refused_change()

    def _put_back(self, connection: Any, generation: int) -> None:
        """Keep a connection for later, unless the role of its server has changed since."""
        if generation == self._role.generation:
            self._idle.append(connection)
        else:
            connection.terminate()


async def connect(url: DatabaseUrl, options: StoreOptions, *, statement_seconds: float | None = None) -> Any:
    """Connect, as ``PostgresConnector`` does.

    A statement raises ``TimeoutError`` after ``statement_seconds``, if they are given.
    """
    from .postgres_connecting import PostgresConnector  # noqa: PLC0415  # SQLite needs no driver of PostgreSQL

    return await PostgresConnector(url, options, statement_seconds=statement_seconds).connect()
