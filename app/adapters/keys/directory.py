"""Keys in a directory of PEM files."""

import asyncio
import fcntl
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...domain.keys.stored_key import StoredKey
from ...ports.key_ring import KeyRing
from .key_file import read_key_file, write_key_file
from .pem import generate, read_private_key, to_pem, write_private_key

_T = TypeVar("_T")

_TIMED_NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{6}Z\.pem")
_TIME_FORMAT: Final = "%Y-%m-%dT%H%M%SZ.pem"
_LOCK: Final = ".lock"


@dataclass(frozen=True, slots=True)
class _FileVersion:
    """What differs once a file was changed; ``written_at`` is in seconds since the epoch."""

    inode: int
    written_at: float
    size: int
    mode: int


_Version = _FileVersion | None


class DirectoryKeyRing(KeyRing):
    """Reads every ``*.pem`` of a directory. A file is named for the moment, UTC, from which its key signs, as
    ``2026-03-01T120000Z.pem``; one file may begin with another character than a digit, and signs until the first of the
    others does. A key counts as published when its file was written. Who changes the directory holds a lock of it, and
    files appear whole or not at all.
    """

    def __init__(self, *, directory: Path, passphrase: str | None) -> None:
        self._directory = directory
        self._passphrase = passphrase
        self._read_before: dict[tuple[Path, _Version], StoredKey] = {}

    async def load(self) -> Sequence[StoredKey]:
        stored = self._load()
        if not stored:
            raise ConfigurationError(
                f"The key directory {self._directory} holds no .pem file; make one with"
                f" {COMMAND} keys generate {self._directory}."
            )
        return tuple(stored.values())

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        def add() -> bool:
            kept = sorted(self._load().values(), key=lambda each: each.key.activates_at)
            if stored.key.kid in {each.key.kid for each in kept} or (kept[-1].key.kid if kept else None) != follows:
                return False
            path = self._directory / file_name(stored.key.activates_at)
            write_key_file(path, to_pem(stored.pkcs8, passphrase=self._passphrase))
            return True

        return await self._locked(add)

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        def reschedule() -> bool:
            path = self._path(kid)
            if path is None or _activation(path) != expected:
                return False
            target = self._directory / file_name(activates_at)
            if target.exists() and target != path:
                raise ConfigurationError(f"{target} is there already; choose another moment.")
            path.rename(target)
            return True

        return await self._locked(reschedule)

    async def remove(self, kid: str) -> bool:
        def remove() -> bool:
            path = self._path(kid)
            if path is not None:
                path.unlink()
            return path is not None

        return await self._locked(remove)

    async def _locked(self, act: Callable[[], _T]) -> _T:
        """Do ``act`` in a thread, while no other process changes the directory."""

        def locked() -> _T:
            with _writable(self._directory), (self._directory / _LOCK).open("wb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return act()

        return await asyncio.to_thread(locked)

    def _path(self, kid: str) -> Path | None:
        return next((path for path, stored in self._load().items() if stored.key.kid == kid), None)

    def _load(self) -> dict[Path, StoredKey]:
        """Read the files as they are at one moment: where they change meanwhile, read them again."""
        while True:
            listed = _versions(self._directory)
            try:
                read = {path: self._read(path, version) for path, version in listed.items()}
            except ConfigurationError:
                if _versions(self._directory) == listed:
                    raise
                continue
            if _versions(self._directory) == listed:
                break
        self._read_before = {(path, listed[path]): stored for path, stored in read.items()}
        _check_that_they_differ(self._directory, read)
        return read

    def _read(self, path: Path, version: _Version) -> StoredKey:
        """A file that has not changed is not read again: an encrypted key takes long to open."""
        known = self._read_before.get((path, version))
        if known is not None:
            return known
        return read_private_key(
            read_key_file(path),
            passphrase=self._passphrase,
            source=str(path),
            activates_at=_activation(path),
            published_at=version.written_at if version else 0.0,
        )


def file_name(activates_at: float) -> str:
    """Return the name of a key that signs from then on."""
    return datetime.fromtimestamp(activates_at, UTC).strftime(_TIME_FORMAT)


def create_key_file(directory: Path, *, bits: int, passphrase: str | None, activates_at: float) -> Path:
    """Make a key in ``directory`` (made too, if need be) that only its owner can read; return the file's path.

    Raises ``ConfigurationError`` if it cannot be written.
    """
    path = directory / file_name(activates_at)
    write_key_file(path, write_private_key(generate(bits), passphrase=passphrase))
    return path


def has_keys(directory: Path) -> bool:
    """Tell whether there is a key file in ``directory``, which may not exist; raises ``ConfigurationError``."""
    return directory.exists() and bool(_files(directory))


def _files(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == ".pem")
    except OSError as error:
        raise ConfigurationError(f"The key directory {directory} cannot be read: {error.strerror}.") from error


def _versions(directory: Path) -> dict[Path, _Version]:
    return {path: _version(path) for path in _files(directory)}


def _version(path: Path) -> _Version:
    try:
        stat = path.stat()
    except OSError:
        return None  # whoever reads it is told why
    return _FileVersion(stat.st_ino, stat.st_mtime, stat.st_size, stat.st_mode)


def _check_that_they_differ(directory: Path, read: dict[Path, StoredKey]) -> None:
    moments = [stored.key.activates_at for stored in read.values()]
    for path, stored in read.items():
        if moments.count(stored.key.activates_at) > 1:
            raise ConfigurationError(
                f"{path} and another key of its directory sign from the same moment on; rename one of them to"
                " the moment from which it signs, such as 2026-03-01T120000Z.pem."
            )
    if len({stored.key.kid for stored in read.values()}) < len(read):
        raise ConfigurationError(f"{directory} holds the same key twice; remove one of the files.")


@contextmanager
def _writable(directory: Path) -> Iterator[None]:
    with suppress(OSError):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"The key directory {directory} cannot be changed: {error.strerror}.") from error


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
