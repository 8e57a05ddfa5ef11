"""Connections of SQLAlchemy, for the migrations. All else runs on the drivers."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from ...ports.session_store import StoreOptions
from .database_url import DatabaseUrl
from .sqlite_connection import open_connection

_T = TypeVar("_T")

PATIENCE_SECONDS: Final = 60.0
"""How long a statement of a migration, or a wait for one of another process, may take."""


async def run_in_transaction(
    url: DatabaseUrl, work: Callable[[Connection], _T], options: StoreOptions, *, patience: float = PATIENCE_SECONDS
) -> _T:
    """Return the result of ``work`` on a connection, in one transaction. The file of SQLite is locked for it.

    The time limit of ``options`` is that of connecting. A statement, or the lock of the file, may take ``patience``
    seconds.
    """
    if url.is_sqlite:
        return await asyncio.to_thread(_run_on_file, url, work, patience)
    return await _run_on_server(url, work, options, patience)


def _run_on_file(url: DatabaseUrl, work: Callable[[Connection], _T], timeout: float) -> _T:
    engine = create_engine(
        "sqlite+pysqlite://", creator=lambda: open_connection(url, busy_seconds=timeout), poolclass=NullPool
    )
    event.listen(engine, "begin", _begin_immediately)
    with engine.begin() as connection:
        return work(connection)


async def _run_on_server(
    url: DatabaseUrl, work: Callable[[Connection], _T], options: StoreOptions, patience: float
) -> _T:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  # SQLite needs no greenlets

    from .postgres_connections import connect  # noqa: PLC0415  # and no driver of PostgreSQL

    opened = []

    async def open_one() -> Any:
        opened.append(await connect(url, options, statement_seconds=patience + options.timeout))
        return opened[-1]

    def create() -> Any:
        """Connect. The names of prepared statements are unique: behind a pooler, others may use the same connection."""
        return engine.dialect.loaded_dbapi.connect(
            async_creator_fn=open_one,
            prepared_statement_name_func=lambda: f"keyturn_{uuid4().hex}",
        )

    engine = create_async_engine("postgresql+asyncpg://", creator=create, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            try:
                return await connection.run_sync(work)
            except TimeoutError:
                for each in opened:
                    each.terminate()  # a server that says nothing answers no ROLLBACK either
                raise
    finally:
        await engine.dispose()


def _begin_immediately(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
