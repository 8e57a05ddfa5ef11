"""Connections to a SQLite file, and what their errors mean."""

import sqlite3
import time
from tempfile import gettempdir
from typing import Final

from ...domain.errors import AlreadyExists
from .database_url import DatabaseUrl
from .sqlite_faults import fault_of, primary_code

_POLL_SECONDS: Final = 0.005

_CACHED_STATEMENTS: Final = 256
"""There are about 100 statements."""


def open_connection(url: DatabaseUrl, *, busy_seconds: float) -> sqlite3.Connection:
    """Open the file, and wait for locks of other processes for ``busy_seconds``. The file is never created.

    Each commit is flushed to the disk before it returns (``synchronous=FULL``), readers and the writer do not wait for
    each other (WAL), and what is deleted is overwritten with zeros (``secure_delete``).
    """
    connection = sqlite3.connect(
        url.sqlite_uri(),
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        _switch_to_wal(connection, busy_seconds)
        for setting in ("synchronous=FULL", "secure_delete=ON", f"temp_store={_temporary_store()}"):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _temporary_store() -> str:
    """Return where SQLite keeps a sort that is too big for its cache: in memory if there is no folder for a file.

    Without a place, such a statement would fail as if the database could not be opened.
    """
    try:
        gettempdir()
    except OSError:
        return "MEMORY"
    return "DEFAULT"


def _switch_to_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch a new file to WAL. For this, SQLite does not wait by itself while another process uses the file."""
    give_up = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > give_up:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def is_busy(error: Exception) -> bool:
    """Return whether another process holds a lock."""
    return primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_interrupted(error: Exception | None) -> bool:
    """Return whether a progress handler has stopped the statement."""
    return primary_code(error) == sqlite3.SQLITE_INTERRUPT


def store_error(error: Exception) -> Exception:
    """Return the error of the ports for an error of the driver, which is its cause."""
    translated = AlreadyExists() if isinstance(error, sqlite3.IntegrityError) else fault_of(error)
    translated.__cause__ = error
    return translated
