"""Keys in a directory of PEM files."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...domain.model.signing_key import StoredKey
from .pem import generate, read_private_key, write_private_key

_TIMED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z\.pem")
_TIME_FORMAT: Final = "%Y-%m-%dT%H%M%SZ.pem"


class DirectoryKeyStore:
    """Reads every ``*.pem`` of a directory. A file is named for the moment, UTC, from which its key signs, as
    ``2026-03-01T120000Z.pem``; one file may begin with another character than a digit, and signs until the first of the
    others does.
    """

    def __init__(self, *, directory: Path, passphrase: str | None) -> None:
        self._directory = directory
        self._passphrase = passphrase

    async def load(self) -> Sequence[StoredKey]:
        keys: dict[float, StoredKey] = {}
        for path in self._files():
            activates_at = _activation(path)
            if activates_at in keys:
                raise ConfigurationError(
                    f"{path} and another key of its directory sign from the same moment on; rename one of them to"
                    " the moment from which it signs, such as 2026-03-01T120000Z.pem."
                )
            keys[activates_at] = self._read(path, activates_at)
        if len({stored.key.kid for stored in keys.values()}) < len(keys):
            raise ConfigurationError(f"{self._directory} holds the same key twice; remove one of the files.")
        return tuple(keys.values())

    def _files(self) -> list[Path]:
        try:
            files = sorted(path for path in self._directory.iterdir() if path.suffix == ".pem")
        except OSError as error:
            raise ConfigurationError(
                f"The key directory {self._directory} cannot be read: {error.strerror}."
            ) from error
        if not files:
            raise ConfigurationError(
                f"The key directory {self._directory} holds no .pem file; make one with"
                f" {COMMAND} keys generate {self._directory}."
            )
        return files

    def _read(self, path: Path, activates_at: float) -> StoredKey:
        pem = read_key_file(path)
        return read_private_key(pem, passphrase=self._passphrase, source=str(path), activates_at=activates_at)


def read_key_file(path: Path) -> bytes:
    """Return the bytes of a key file; raises ``ConfigurationError`` if everyone on the machine can read it."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o007:
                raise ConfigurationError(f"{path} can be read by every user of this machine; run: chmod 600 {path}")
            return file.read()
    except OSError as error:
        raise ConfigurationError(f"The key file {path} cannot be read: {error.strerror}.") from error


def has_keys(directory: Path) -> bool:
    """Tell whether there is a key file in ``directory``, which may not exist; raises ``ConfigurationError``."""
    try:
        return directory.exists() and any(path.suffix == ".pem" for path in directory.iterdir())
    except OSError as error:
        raise ConfigurationError(f"The key directory {directory} cannot be read: {error.strerror}.") from error


def create_key_file(directory: Path, *, bits: int, passphrase: str | None, activates_at: float) -> Path:
    """Make a key in ``directory`` (made too, if need be) that only its owner can read; return the file's path.

    The file appears whole or not at all. Raises ``ConfigurationError`` if it cannot be written.
    """
    name = datetime.fromtimestamp(activates_at, UTC).strftime(_TIME_FORMAT)
    path = directory / name
    unfinished = directory / f".{name}.{os.getpid()}"
    pem = write_private_key(generate(bits), passphrase=passphrase)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
        unfinished.unlink()
        _flush_directory(directory)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise ConfigurationError(f"The key file {path} cannot be written: {error.strerror}.") from error
    return path


def _flush_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _activation(path: Path) -> float:
    if not path.name[0].isdigit():
        return 0.0
    if not _TIMED_NAME.fullmatch(path.name):
        raise ConfigurationError(
            f"The file name {path} is no moment such as 2026-03-01T120000Z.pem; rename it, or begin it with a letter."
        )
    try:
        return datetime.strptime(path.name, _TIME_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise ConfigurationError(f"The file name {path} names no moment; rename it.") from error
