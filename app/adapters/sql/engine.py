"""SQLAlchemy engines for SQLite and PostgreSQL. Every statement is committed at once."""

from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from ...ports.session_store import StoreOptions
from .database_url import DatabaseUrl

_BUSY_SHARE: Final = 0.8
"""The share of the time limit for which SQLite waits for the lock of another process."""


def create_engine(url: DatabaseUrl, options: StoreOptions) -> AsyncEngine:
    """Return an engine with at most ``options.connections`` connections, each of which has a time limit."""
    pool: dict[str, Any] = {
        "pool_size": options.connections,
        "max_overflow": 0,
        "pool_timeout": options.timeout,
        "isolation_level": "AUTOCOMMIT",
        "pool_reset_on_return": None,
    }
    if url.is_sqlite:
        engine = create_async_engine(
            url.for_sqlite(),
            connect_args={"timeout": options.timeout * _BUSY_SHARE},
            **pool,
        )
        event.listen(engine.sync_engine, "connect", _make_durable)
        return engine
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: _connect(url, options.timeout), **pool)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def create_migration_engine(url: DatabaseUrl, *, timeout: float) -> AsyncEngine:
    """Return an engine for migrations, of which one runs at a time. Others wait for it, at most ``timeout`` seconds."""
    if url.is_sqlite:
        engine = create_async_engine(url.for_sqlite(), connect_args={"timeout": timeout}, poolclass=NullPool)
        event.listen(engine.sync_engine, "connect", _disable_driver_transactions)
        event.listen(engine.sync_engine, "begin", _begin_immediately)
        return engine
    return create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: _connect(url, timeout), poolclass=NullPool
    )


async def _connect(url: DatabaseUrl, timeout: float) -> Any:  # noqa: ASYNC109  # asyncpg has a time limit
    """Connect with asyncpg, which reads the same URLs as libpq, with ``sslmode`` and all other parameters."""
    import asyncpg  # noqa: PLC0415  # SQLite needs no driver of PostgreSQL

    return await asyncpg.connect(
        url.text.replace("postgres://", "postgresql://", 1),
        timeout=timeout,
        server_settings={
            "application_name": "keyturn",
            "default_transaction_isolation": "read committed",
            "statement_timeout": str(int(timeout * 1000)),
        },
    )


def _make_durable(connection: Any, _: object) -> None:
    """Let SQLite flush each commit to the disk before it returns, and overwrite what it deletes with zeros."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _refuse_closed(connection: Any, *_: object) -> None:
    """Make the pool replace a connection that the server has closed."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _disable_driver_transactions(connection: Any, _: object) -> None:
    connection.isolation_level = None


def _begin_immediately(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
