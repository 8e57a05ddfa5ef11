"""Connect to PostgreSQL, directly or through a pooler such as PgBouncer."""

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from ...ports.session_store import StoreOptions
from ..store_urls.postgres import PostgresUrl
from .database_url import DatabaseUrl
from .postgres_tls import tls_of

_MAX_PREPARED: Final = 256
"""How many prepared statements a connection keeps. There are about 100 statements."""

_ONE_ROW: Final = "SELECT 1"
"""The status of a query with one row."""

_PASSED_ON: Final = ("passfile", "krbsrvname", "gsslib")
"""Parameters that asyncpg knows under the same name."""


class PostgresConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection. If ``pooled``, a pooler may change the server between two transactions: the connection keeps no
    prepared statements and no settings.
    """

    pooled = False


class PostgresConnector:
    """Connects to the server of ``url``.

    PostgreSQL greets a client with the number of the process that serves it. A pooler that shares processes greets it
    with a number of its own, so that the client does not cancel the statements of others.
    """

    def __init__(self, url: DatabaseUrl, options: StoreOptions, *, statement_seconds: float | None) -> None:
        self._url = url
        self._options = options
        self._statement_seconds = statement_seconds

    async def connect(self) -> PostgresConnection:
        """Return a connection. If ``options.prepared_statements`` is ``None``, find out whether a pooler is between."""
        keeps = self._options.prepared_statements
        if keeps is False or (keeps is None and await self._is_pooled_for_several_hosts()):
            return await self._connect_pooled()
        connection = await self._connect(prepared=True)
        if await self._make_settings(connection, only_directly=keeps is None):
            return connection
        connection.terminate()
        return await self._connect_pooled()

    async def _is_pooled_for_several_hosts(self) -> bool:
        """Return whether one of several hosts is a pooler. With several, asyncpg may send a query of its own before
        anybody knows that it must not be prepared. With one host, this returns ``False`` at once.
        """
        if len(self._url.server.hosts) <= 1:
            return False
        connection = await self._connect(prepared=False)
        is_direct = await self._make_settings(connection, only_directly=True)
        connection.terminate()
        return not is_direct

    async def _connect_pooled(self) -> PostgresConnection:
        connection = await self._connect(prepared=False)
        connection.pooled = True
        return connection

    async def _make_settings(self, connection: PostgresConnection, *, only_directly: bool) -> bool:
        """Make the settings of a connection, and return whether that was done. It is one statement: behind a pooler the
        next one may run elsewhere.
        """
        statement = (
            f"SELECT set_config('statement_timeout', '{int(self._options.timeout * 1000)}', false),"
            " set_config('default_transaction_isolation', 'read committed', false)"
        )
        if only_directly:
            statement += f" WHERE pg_backend_pid() = {connection.get_server_pid()}"
        try:
            status = await connection.execute(statement, timeout=self._options.timeout)
        except BaseException:
            connection.terminate()
            raise
        return bool(status == _ONE_ROW)

    async def _connect(self, *, prepared: bool) -> PostgresConnection:
        """Connect, with a time limit. The greeting sets only what a pooler knows."""
        server = self._url.server
        connection: PostgresConnection = await asyncpg.connect(
            **_arguments(server),
            ssl=tls_of(server.options, setting=self._url.setting),
            timeout=_time_limit(server, self._options),
            command_timeout=self._statement_seconds,
            connection_class=PostgresConnection,
            statement_cache_size=_MAX_PREPARED if prepared else 0,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
        )
        return connection


def _arguments(server: PostgresUrl) -> Mapping[str, Any]:
    """Return the arguments of asyncpg. What is ``None``, it takes from the variables of libpq, such as PGPASSWORD."""
    given = server.options
    sessions = given.get("target_session_attrs") or ("read-write" if len(server.hosts) > 1 else None)
    settings = {"application_name": given.get("application_name", given.get("fallback_application_name", "keyturn"))}
    if "options" in given:
        settings["options"] = given["options"]
    return {
        "host": list(server.hosts) or None,
        "port": (list(server.ports) or None) if server.hosts else (server.ports[0] if server.ports else None),
        "user": server.user,
        "password": server.password,
        "database": server.database,
        "direct_tls": True if given.get("sslnegotiation") == "direct" else None,
        "target_session_attrs": sessions,
        "server_settings": settings,
        **{name: given[name] for name in _PASSED_ON if name in given},
    }


def _time_limit(server: PostgresUrl, options: StoreOptions) -> float:
    """Return the seconds that a connection may take. In libpq, 0 means no limit of its own."""
    own = int(server.options.get("connect_timeout", 0))
    return min(own, options.timeout) if own else options.timeout
