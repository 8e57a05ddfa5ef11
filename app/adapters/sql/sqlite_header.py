"""What the first bytes of a SQLite file and of its write-ahead log say (https://sqlite.org/fileformat2.html)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple, Self

_MAGIC: Final = b"SQLite format 3\0"
_LENGTH: Final = 100
_LOG_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_SALTS: Final = slice(16, 24)


class Header(NamedTuple):
    """The header of a database. Keyturn counts its checks in ``checks`` (``PRAGMA user_version``), and gives each
    database a random ``application`` (``PRAGMA application_id``). ``schema`` grows with each change of the schema and
    with each ``VACUUM`` (``PRAGMA schema_version``).
    """

    schema: int
    checks: int
    application: int

    @classmethod
    def parse(cls, first: bytes) -> Self | None:
        """Return the header in the first bytes of a file, or ``None`` for a file that is no database."""
        if len(first) < _LENGTH or not first.startswith(_MAGIC):
            return None
        return cls(*(int.from_bytes(first[at : at + 4], "big") for at in (40, 60, 68)))

    @classmethod
    def read(cls, descriptor: int) -> Self | None:
        """Return the header of an open file, or ``None`` for a file that is no database."""
        return cls.parse(os.pread(descriptor, _LENGTH, 0))


def headers_in_log(log: Path) -> Iterator[Header]:
    """Yield each version of the header in a write-ahead log, in their order. SQLite has no lock on this file, so it may
    be opened and closed here.
    """
    try:
        file = log.open("rb")
    except OSError:
        return
    with file:
        head = file.read(_LOG_HEADER)
        page_size = int.from_bytes(head[8:12], "big")
        while len(frame := file.read(_FRAME_HEADER)) == _FRAME_HEADER and frame[8:16] == head[_SALTS]:
            page = file.read(page_size)
            if int.from_bytes(frame[:4], "big") == 1 and (header := Header.parse(page)) is not None:
                yield header
