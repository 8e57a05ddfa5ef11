"""Adds sessions to SQLite and PostgreSQL in large numbers, each of a user of its own.

It copies a session that the service has stored and gives each copy another id, other secrets and another subject. So it
knows only the names of these columns.
"""

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from app.domain.sessions import ratchet
from app.domain.sessions.replaced import ReplacedSecret, ReplacedSecrets
from tests.servers.postgres import Postgres

from .population import address, device, numbered_subject, numbered_token

_REPLACED: Final = {
    "replaced": ReplacedSecrets.of(ReplacedSecret(bytes(32), bytes(32), 0.0)).packed,
    "salt": bytes(32),
}
"""What a row has more after a rotation."""


def fill_sqlite(path: Path, count: int) -> float:
    """Add ``count`` sessions to a file that has at least one. Return the bytes of one session.

    Each row is stored as after a rotation, and then made shorter, as in a service that runs. Otherwise no page would
    have room, and almost every rotation would split one. PostgreSQL leaves room on each page (``fillfactor``).
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -524288")

    def add(table: str, rows: Iterator[Sequence[object]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        marks = ", ".join("?" * len(_one(table)))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  # names of our own
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _one(table: str) -> Mapping[str, object]:
        return dict(connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone())  # noqa: S608  # as above

    add("users", _users(_one("users"), count))
    before = path.stat().st_size
    add("sessions", _sessions({**_one("sessions"), **_REPLACED}, count))
    connection.execute("UPDATE sessions SET replaced = NULL, salt = NULL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("ANALYZE")
    connection.close()
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return (path.stat().st_size - before) / count


def fill_postgres(server: Postgres, database: str, count: int) -> float:
    """Add ``count`` sessions to a database that has at least one. Return the bytes of one session."""
    asyncio.run(_copy(server.url(database), count))
    server.execute("VACUUM ANALYZE", database)
    server.execute("CHECKPOINT", database)
    return int(server.execute("SELECT pg_total_relation_size('sessions')", database)) / count


async def _copy(url: str, count: int) -> None:
    connection: Any = await asyncpg.connect(url)
    for table, rows in (("users", _users), ("sessions", _sessions)):
        template = dict(await connection.fetchrow(f"SELECT * FROM {table} LIMIT 1"))  # noqa: S608  # names of our own
        await connection.copy_records_to_table(table, columns=list(template), records=rows(template, count))
    await connection.close()


def _users(template: Mapping[str, object], count: int) -> Iterator[Sequence[object]]:
    for number in range(count):
        yield tuple({**template, "subject": numbered_subject(number), "username": f"user-{number}"}.values())


def _sessions(template: Mapping[str, object], count: int) -> Iterator[Sequence[object]]:
    for number in range(count):
        token = numbered_token(number)
        changed: dict[str, object] = {
            "session_id": token.session_id,
            "subject": numbered_subject(number),
            "lineage_digest": ratchet.digest(token.lineage),
            "secret_digest": ratchet.digest(token.secret),
            "address": address(number),
            "device": device(number),
        }
        yield tuple({**template, **changed}.values())
