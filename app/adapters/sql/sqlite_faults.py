"""What the errors of SQLite mean, and how to mend what caused them."""

import errno
import sqlite3
from collections.abc import Mapping
from typing import Final

from ...domain.errors import StoreUnavailable
from ..store_faults import (
    DAMAGED,
    DISK_ERROR,
    DISK_FULL,
    FILE_MISSING,
    FILE_REPLACED,
    LOCKED,
    MEMORY_FULL,
    NO_ANSWER,
    READ_ONLY,
    REFUSED,
    StoreFault,
    unavailable,
)

_STORE: Final = "SQLite"
_PRIMARY_CODE: Final = 0xFF
"""The bits of an error code without its details."""

_NOT_WRITABLE: Final = StoreFault(
    READ_ONLY, "Let the user of the service write to the database file, to those beside it, and to their folder."
)
_BROKEN: Final = StoreFault(
    DAMAGED,
    "The file is damaged: stop the service, put a backup in its place, delete the files beside it that end in -wal and"
    " -shm, and start again.",
)
_DISK: Final = StoreFault(
    DISK_ERROR, "Look at the disk of the database file: its space, its quota, and its errors in the system's log."
)
_FULL: Final = StoreFault(DISK_FULL, "Free space on the disk of the database file.")
_HELD: Final = StoreFault(LOCKED, "Find the process that keeps the database file locked.")
_OTHER: Final = StoreFault(REFUSED, "This is a bug, or another program has changed the database.")
_LATE: Final = StoreFault(NO_ANSWER, "The disk is too slow, or another process keeps the database file locked.")

_FAULTS: Final[Mapping[int, StoreFault]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_READONLY: _NOT_WRITABLE,
    sqlite3.SQLITE_PERM: _NOT_WRITABLE,
    sqlite3.SQLITE_AUTH: _NOT_WRITABLE,
    sqlite3.SQLITE_CANTOPEN: StoreFault(
        FILE_MISSING,
        "Put the database file back, or let the user of the service write to it and to its folder; a process may also"
        " have too many open files.",
    ),
    sqlite3.SQLITE_CORRUPT: _BROKEN,
    sqlite3.SQLITE_NOTADB: _BROKEN,
    sqlite3.SQLITE_NOMEM: StoreFault(MEMORY_FULL, "Give the service more memory."),
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
}

_OS_FAULTS: Final[Mapping[int, StoreFault]] = {
    errno.EACCES: _NOT_WRITABLE,
    errno.EPERM: _NOT_WRITABLE,
    errno.EROFS: _NOT_WRITABLE,
    errno.ENOSPC: _FULL,
}


class WrongFile(Exception):
    """Where the database file was, there is another file or none. The message says so."""


_WRONG_FILE: Final = StoreFault(
    FILE_REPLACED,
    "Put the file back that was there; or stop the service, put the other one in its place, delete the files beside it"
    " that end in -wal and -shm, and start again.",
)


def primary_code(error: Exception | None) -> int:
    """Return the code of an error of SQLite without its details, or 0 for another error."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE


def fault_of(error: Exception) -> StoreUnavailable:
    """Return the error of the ports for an error of the driver. Its text has the sentence of SQLite, which never quotes
    a value. Of other errors it has the type alone.
    """
    if isinstance(error, TimeoutError):
        return unavailable(_STORE, str(error), _LATE)
    if isinstance(error, WrongFile):
        return unavailable(_STORE, str(error), _WRONG_FILE)
    code = primary_code(error)
    if isinstance(error, OSError):
        return unavailable(_STORE, error.strerror or type(error).__name__, _OS_FAULTS.get(error.errno or 0, _DISK))
    if not code:
        return unavailable(_STORE, type(error).__name__, _OTHER)
    return unavailable(_STORE, str(error), _FAULTS.get(code, _OTHER))
