"""Engines: how each database is connected. Every statement commits by itself."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ...domain.errors import ConfigurationError
from ...ports.session_store import StoreOptions

_SETTING: Final = "KEYTURN_DATABASE_URL"

_BUSY_SHARE: Final = 0.8
"""Of the time of an act, for which SQLite waits for another process's lock; what is left is for the act itself."""


class Address:
    """A database's URL, and what may be shown of it."""

    def __init__(self, url: str) -> None:
        try:
            self.url: URL = make_url(url)
        except (ArgumentError, ValueError) as error:
            raise ConfigurationError(f"{_SETTING}: this is no URL of a database.") from error
        self.text = url
        self.is_file = self.url.get_backend_name() == "sqlite"
        if self.is_file:
            self._check_file()

    def __str__(self) -> str:
        if self.is_file:
            return f"the SQLite file {self.url.database}"
        return f"PostgreSQL at {self.url.host or 'the local socket'} port {self.url.port or 5432}"

    def _check_file(self) -> None:
        database = self.url.database
        if self.url.host or self.url.query or not database or database == ":memory:":
            raise ConfigurationError(
                f"{_SETTING}: a SQLite URL is sqlite:///FILE or sqlite:////ABSOLUTE/FILE and nothing else."
            )
        folder = Path(database).absolute().parent
        if not folder.is_dir():
            raise ConfigurationError(f"{_SETTING}: the folder {folder} does not exist; make it.")


def create_engine(address: Address, options: StoreOptions) -> AsyncEngine:
    """Return an engine of at most ``options.connections`` connections, each of which is bounded in time."""
    pool: dict[str, Any] = {
        "pool_size": options.connections,
        "max_overflow": 0,
        "pool_timeout": options.timeout,
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
    }
    if address.is_file:
        engine = create_async_engine(
            address.url.set(drivername="sqlite+aiosqlite"),
            connect_args={"timeout": options.timeout * _BUSY_SHARE},
            **pool,
        )
        event.listen(engine.sync_engine, "connect", _make_durable)
        return engine
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: _connect(address, options.timeout), **pool
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def create_migration_engine(address: Address, *, patience: float) -> AsyncEngine:
    """Return an engine whose transactions keep other migrations out; they wait ``patience`` seconds for each other."""
    if address.is_file:
        engine = create_async_engine(
            address.url.set(drivername="sqlite+aiosqlite"), connect_args={"timeout": patience}, poolclass=NullPool
        )
        event.listen(engine.sync_engine, "connect", _leave_transactions_to_us)
        event.listen(engine.sync_engine, "begin", _begin_immediately)
        return engine
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: _connect(address, patience), poolclass=NullPool
    )


async def _connect(address: Address, timeout: float) -> Any:  # noqa: ASYNC109  # asyncpg's own
    """Connect as libpq would: asyncpg reads the same URLs, ``sslmode`` and all."""
    import asyncpg  # noqa: PLC0415  # SQLite needs no driver of PostgreSQL

    return await asyncpg.connect(
        address.text.replace("postgres://", "postgresql://", 1),
        timeout=timeout,
        server_settings={
            "application_name": "keyturn",
            "default_transaction_isolation": "read committed",
            "statement_timeout": str(int(timeout * 1000)),
        },
    )


def _make_durable(connection: Any, _: object) -> None:
    """Acknowledge nothing that a loss of power could take back."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _refuse_closed(connection: Any, *_: object) -> None:
    """Let the pool make a new connection where the server has closed this one."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _leave_transactions_to_us(connection: Any, _: object) -> None:
    connection.isolation_level = None


def _begin_immediately(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
