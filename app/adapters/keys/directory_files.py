"""The files of a key directory: their names, their versions, and the lock."""

import fcntl
import os
import re
import shlex
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ... import COMMAND
from ...domain.errors import ConfigurationError
from .key_file import make_private_directory

_TIMED_NAME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z\.pem")
_TIME_FORMAT: Final = "%Y-%m-%dT%H%M%SZ.pem"
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class FileVersion:
    """The attributes of a file that show a change. ``written_at`` is in seconds since the epoch."""

    inode: int
    written_at: float
    size: int
    mode: int


def file_name(activates_at: float) -> str:
    """Return the file name of a key that activates at ``activates_at`` (seconds since the epoch)."""
    return datetime.fromtimestamp(activates_at, UTC).strftime(_TIME_FORMAT)


def activation(path: Path) -> float:
    """Return when the key of a file activates, in seconds since the epoch; raises ``ConfigurationError``."""
    if not path.name[0].isdigit():
        return 0.0
    if not _TIMED_NAME.fullmatch(path.name):
        raise ConfigurationError(
            f"The file name {path} is not a time such as 2026-03-01T120000Z.pem; rename it, or begin it with a letter."
        )
    try:
        return datetime.strptime(path.name, _TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ConfigurationError(f"The file name {path} is not a valid time; rename it.") from error


def key_files(directory: Path) -> Collection[Path]:
    """Return the key files in ``directory``; raises ``ConfigurationError``."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".pem")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"The key directory {directory} cannot be read: {error.strerror}. Make it with a key; run:"
            f" {COMMAND} keys generate {shlex.quote(str(directory))}"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"The key directory {directory} cannot be read: {error.strerror}.") from error


def file_versions(directory: Path) -> dict[Path, FileVersion | None]:
    """Return the version of each key file in ``directory``; raises ``ConfigurationError``."""
    return {path: _version(path) for path in key_files(directory)}


def _version(path: Path) -> FileVersion | None:
    try:
        stat = path.stat()
    except OSError:
        return None  # reading the file raises an error with the reason
    return FileVersion(stat.st_ino, stat.st_mtime, stat.st_size, stat.st_mode)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the lock of ``directory``, which is created if it does not exist; raises ``ConfigurationError``."""
    with suppress(OSError):
        make_private_directory(directory)
    try:
        with os.fdopen(os.open(directory / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise ConfigurationError(f"The key directory {directory} cannot be changed: {error.strerror}.") from error
