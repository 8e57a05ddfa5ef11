"""A directory whose files are changed by one act at a time."""

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from keyturn.domain.errors import StoreUnavailable

_T = TypeVar("_T")


class Directory:
    """Run acts in a thread, under one lock that all processes share. Each act may take ``timeout`` seconds."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self.path = path
        self._timeout = timeout

    async def act(self, act: Callable[[], _T]) -> _T:
        """Return the result of ``act``. No other act runs meanwhile. After a timeout, ``act`` may still finish."""
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(asyncio.to_thread(self._locked, act))
        except TimeoutError as error:
            raise StoreUnavailable from error
        except OSError as error:
            raise StoreUnavailable(text=f"{self.path}: {error.strerror}. Mend the disk.", fault="disk_error") from error

    def write(self, name: str, content: bytes) -> None:
        """Replace the content of a file: completely or not at all, and durably."""
        unfinished = self.path / f".{name}"
        with open(unfinished, "wb", opener=_open_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path / name)
        self._flush()

    def delete(self, name: str) -> None:
        """Delete a file, durably."""
        (self.path / name).unlink()
        self._flush()

    def _locked(self, act: Callable[[], _T]) -> _T:
        with open(self.path / "lock", "ab", opener=_open_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return act()

    def _flush(self) -> None:
        """Make new file names in the directory durable."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _open_private(path: str, flags: int) -> int:
    """Open a file; if it does not exist, create it so that only its owner can read it."""
    return os.open(path, flags, 0o600)
