"""Read and write files that only their owner can read."""

import os
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ...domain.errors import ConfigurationError


@contextmanager
def naming(setting: str) -> Iterator[None]:
    """Put the name of the setting that has the path before a ``ConfigurationError`` that names no setting first."""
    try:
        yield
    except ConfigurationError as error:
        text = error.description
        if text.startswith("KEYTURN_"):
            raise
        if text.startswith("The "):
            text = f"the {text.removeprefix('The ')}"
        raise ConfigurationError(f"{setting}: {text}") from error


def read_key_file(path: Path) -> bytes:
    """Return the content of a key file without a byte order mark.

    Raises ``ConfigurationError`` if it cannot be read, or if every user of the machine can access it.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o007:
                raise ConfigurationError(f"{path} can be read by every user of this machine; run: chmod 600 {path}")
            return file.read().removeprefix(BOM_UTF8)
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from error


def write_key_file(path: Path, pem: bytes) -> None:
    """Write a new file that appears complete or not at all.

    Raises ``ConfigurationError`` if it cannot be written, or exists.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        make_private_directory(path.parent)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
        unfinished.unlink()
        _flush_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ConfigurationError(f"The key file {path} cannot be written: {error.strerror}.") from error


def make_private_directory(directory: Path) -> None:
    """Create a directory, and the directories in which it lies, so that only their owner can use them.

    An existing directory stays as it is. Raises ``OSError``.
    """
    for each in (*reversed(directory.parents), directory):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def _flush_directory(directory: Path) -> None:
    """Make the names of the files in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
