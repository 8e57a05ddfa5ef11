"""The file of a SQLite database, which holds password hashes: only its owner may read it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PRIVATE: Final = 0o600
_OTHERS: Final = 0o077
_COMPANIONS: Final = ("", "-wal", "-shm", "-journal")
"""The ends of the names of the files that SQLite keeps beside a database. It gives them the mode of the database."""


def create_private_file(path: Path) -> None:
    """Create an empty database that only its owner can read, whatever the umask is; leave an existing one as it is.

    An existing file is not opened here: its close would release the locks that this process holds on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE))


def files_open_to_others(path: Path) -> Iterator[Path]:
    """Yield the files of a database to which its group, or every user of the machine, has access."""
    for end in _COMPANIONS:
        file = path.with_name(path.name + end)
        with suppress(FileNotFoundError):
            if file.stat().st_mode & _OTHERS:
                yield file
