"""The file of a SQLite database, watched while it is open: somebody may delete it, move it or copy another over it.

SQLite does not notice this. What it then writes is lost, or damages the other file.
"""

import fcntl
import os
import sqlite3
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from .sqlite_faults import WrongFile
from .sqlite_header import Header, headers_in_log

_LOOKS: Final = 3
_PAUSE_SECONDS: Final = 0.05

_HALF_OF_COUNTS: Final = 1 << 30
_COUNTS: Final = 1 << 31
"""``PRAGMA user_version`` begins again at 0 after this number."""

_SHARED_LOCKS: Final = struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 0x4000_0002, 510, 0)
"""A lock on the bytes that SQLite locks before it writes the log to a file that it closes."""

_MISSING: Final = "the database file is missing"
_REPLACED: Final = "the database file was replaced while the service ran"
_FOREIGN_LOG: Final = "the write-ahead log beside the database file belongs to another file"


class SqliteFile:
    """The file, and what it was when it was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._identity = (0, 0)
        self._verified: tuple[int, ...] = ()
        self._schemas: set[int] = set()
        self._applications: set[int] = set()
        self._checks = 0

    def verify(self) -> None:
        """Raise ``WrongFile`` if this is not the file that was opened. It takes 2 µs.

        Only a change of the size or of the time makes this look into the file. SQLite changes the file when it moves
        what is in its log to it, and then the file has an earlier state of the same database.
        """
        found = _stat(self._path)
        if found == self._verified:
            return
        if self._descriptor is None:
            self._open(found)
        elif found[:2] != self._identity or not self._accepts(Header.read(self._descriptor)):
            self._verified = ()
            raise WrongFile(_REPLACED)
        self._verified = found

    def verify_with(self, connection: sqlite3.Connection) -> None:
        """Raise ``WrongFile`` as ``verify`` does. A schema that changed in the log is that of this file, too."""
        try:
            self.verify()
        except WrongFile:
            self.learn(connection)
            self.verify()

    def learn(self, connection: sqlite3.Connection) -> None:
        """Read from the log what the file will say once it has the log's contents."""
        self._schemas.add(_number(connection, "schema_version"))
        self._applications.add(_number(connection, "application_id"))

    def close(self) -> None:
        """Forget the file, so that the next one that is there counts. Call it when its connections are closed."""
        if self._descriptor is not None:
            _OPEN_FILES.close(self._descriptor)
        self.__init__(self._path)  # type: ignore[misc]  # as it was before it was opened

    def spare(self) -> None:
        """If another file was copied over this one, keep SQLite from writing its log to it. Call it before its
        connections are closed.
        """
        if self._descriptor is None:
            return
        try:
            self.verify()
        except WrongFile:
            with suppress(OSError, AttributeError):  # not every system has such locks
                fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _SHARED_LOCKS)
            self._descriptor = None  # the lock ends with the process

    def _open(self, found: tuple[int, ...]) -> None:
        self._descriptor = _OPEN_FILES.open(self._path)
        self._identity = (found[0], found[1])
        header = Header.read(self._descriptor)
        if header is not None:
            self._schemas.add(header.schema)
            self._applications.add(header.application)
            self._checks = header.checks

    def _accepts(self, header: Header | None) -> bool:
        if header is None or header.schema not in self._schemas or header.application not in self._applications:
            return False
        if not _is_not_before(header.checks, self._checks):
            return False
        self._checks = header.checks
        return True


def check_log(path: Path) -> None:
    """Raise ``WrongFile`` if the log beside a file is that of another one, for example because a backup was copied over
    a file in use. SQLite would mix them, and damage the file.
    """
    for _ in range(_LOOKS):  # another process may move the log to the file between two reads
        if not _is_log_of_another(path):
            return
        time.sleep(_PAUSE_SECONDS)
    raise WrongFile(_FOREIGN_LOG)


def _is_log_of_another(path: Path) -> bool:
    found = [*headers_in_log(path.with_name(f"{path.name}-wal"))]
    if not found:
        return False
    descriptor = _OPEN_FILES.open(path)
    try:
        header = Header.read(descriptor)
    finally:
        _OPEN_FILES.close(descriptor)
    if header is None:
        return False
    is_of_another = header.application and found[0].application and header.application != found[0].application
    is_older = not _is_not_before(header.checks + 1, found[0].checks)
    is_vacuumed = header.schema > max(each.schema for each in found)
    return bool(is_of_another) or is_older or is_vacuumed


class _OpenFiles:
    """Descriptors of this process, one for each file. To close any of them would end the locks that SQLite has on the
    file, so each is closed with its last user.
    """

    def __init__(self) -> None:
        self._users: dict[tuple[int, int], list[int]] = {}

    def open(self, path: Path) -> int:
        """Return a descriptor of the file."""
        found = _stat(path)
        key = (found[0], found[1])
        users = self._users.setdefault(key, [])
        users.append(users[0] if users else os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        return users[0]

    def close(self, descriptor: int) -> None:
        """End one use of a descriptor."""
        [key] = [key for key, users in self._users.items() if descriptor in users]
        self._users[key].pop()
        if not self._users[key]:
            del self._users[key]
            os.close(descriptor)


_OPEN_FILES: Final = _OpenFiles()


def _stat(path: Path) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116  # quicker, and called for each statement
    except OSError as error:
        raise WrongFile(_MISSING) from error
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    [number] = connection.execute(f"PRAGMA {pragma}").fetchone()
    return int(number)


def _is_not_before(count: int, earlier: int) -> bool:
    return (count - earlier) % _COUNTS < _HALF_OF_COUNTS
