"""Signing keys in a directory of PEM files."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...domain.keys.stored_key import StoredKey
from ...ports.key_ring import KeyRing
from .directory_files import FileVersion, activation, file_name, file_versions, key_files, locked
from .key_file import naming, read_key_file, write_key_file
from .pem import pkcs8_to_pem, private_key_to_pem, read_private_key
from .rsa_key import generate_rsa_key

_T = TypeVar("_T")

_SETTING: Final = "KEYTURN_KEYS_DIR"


class DirectoryKeyRing(KeyRing):
    """Reads every ``*.pem`` file of a directory.

    The name of a file is the time (UTC) at which its key activates, such as ``2026-03-01T120000Z.pem``. One file may
    have another name, which does not begin with a digit: its key is active until the next key activates. A key is
    published when its file is written. Every change holds a lock of the directory, and a file appears complete or not
    at all.
    """

    def __init__(self, *, directory: Path, passphrase: str | None) -> None:
        self._directory = directory
        self._passphrase = passphrase
        self._cache: dict[tuple[Path, FileVersion | None], StoredKey] = {}

    async def load(self) -> Sequence[StoredKey]:
        with naming(_SETTING):
            stored = self._load()
            if not stored:
                raise ConfigurationError(
                    f"The key directory {self._directory} has no .pem file; make one with"
                    f" {COMMAND} keys generate {self._directory}."
                )
            return tuple(stored.values())

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        def add() -> bool:
            existing = sorted(self._load().values(), key=lambda each: each.key.activates_at)
            last = existing[-1].key.kid if existing else None
            if last != follows or stored.key.kid in {each.key.kid for each in existing}:
                return False
            path = self._directory / file_name(stored.key.activates_at)
            write_key_file(path, pkcs8_to_pem(stored.pkcs8, passphrase=self._passphrase))
            return True

        return await self._change(add)

    async def reschedule(self, kid: str, *, expected: float, activates_at: float) -> bool:
        def reschedule() -> bool:
            path = self._find(kid)
            if path is None or activation(path) != expected:
                return False
            target = self._directory / file_name(activates_at)
            if target.exists() and target != path:
                raise ConfigurationError(f"{target} exists already; choose another time.")
            path.rename(target)
            return True

        return await self._change(reschedule)

    async def remove(self, kid: str) -> bool:
        def remove() -> bool:
            path = self._find(kid)
            if path is not None:
                path.unlink()
            return path is not None

        return await self._change(remove)

    async def _change(self, change: Callable[[], _T]) -> _T:
        """Run ``change`` in a thread, with the lock of the directory."""

        def change_locked() -> _T:
            with naming(_SETTING), locked(self._directory):
                return change()

        return await asyncio.to_thread(change_locked)

    def _find(self, kid: str) -> Path | None:
        return next((path for path, stored in self._load().items() if stored.key.kid == kid), None)

    def _load(self) -> dict[Path, StoredKey]:
        """Read all files as they are at one time: if the directory changes while they are read, read them again."""
        while True:
            versions = file_versions(self._directory)
            try:
                stored = {path: self._read(path, version) for path, version in versions.items()}
            except ConfigurationError:
                if file_versions(self._directory) == versions:
                    raise
                continue
            if file_versions(self._directory) == versions:
                break
        self._cache = {(path, versions[path]): key for path, key in stored.items()}
        _check_distinct(self._directory, stored)
        return stored

    def _read(self, path: Path, version: FileVersion | None) -> StoredKey:
        """Read a file, unless it has not changed: decryption of a key takes long."""
        cached = self._cache.get((path, version))
        if cached is not None:
            return cached
        return read_private_key(
            read_key_file(path),
            passphrase=self._passphrase,
            source=str(path),
            activates_at=activation(path),
            published_at=version.written_at if version else 0.0,
        )


def create_key_file(directory: Path, *, bits: int, passphrase: str | None, activates_at: float) -> Path:
    """Generate a key in ``directory``, which is created if it does not exist. Only the owner can read the file.

    Return the file's path. Raises ``ConfigurationError`` if it cannot be written.
    """
    path = directory / file_name(activates_at)
    write_key_file(path, private_key_to_pem(generate_rsa_key(bits), passphrase=passphrase))
    return path


def has_keys(directory: Path) -> bool:
    """Return whether ``directory``, which may not exist, has a key file; raises ``ConfigurationError``."""
    return directory.exists() and bool(key_files(directory))


def _check_distinct(directory: Path, stored: dict[Path, StoredKey]) -> None:
    """Raise ``ConfigurationError`` if two keys activate at the same time, or one key is in two files."""
    times = [each.key.activates_at for each in stored.values()]
    for path, each in stored.items():
        if times.count(each.key.activates_at) > 1:
            raise ConfigurationError(
                f"{path} and another key of its directory activate at the same time; rename one of them to the time at"
                " which it activates, such as 2026-03-01T120000Z.pem."
            )
    if len({each.key.kid for each in stored.values()}) < len(stored):
        raise ConfigurationError(f"{directory} has the same key twice; remove one of the files.")
