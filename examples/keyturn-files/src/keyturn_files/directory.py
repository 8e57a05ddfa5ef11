"""A directory whose files change one act at a time."""

import asyncio
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from keyturn.domain.errors import StoreUnavailable

_T = TypeVar("_T")


class Directory:
    """Runs acts under one lock that all processes share, off the event loop, within ``timeout`` seconds."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self.path = path
        self._timeout = timeout

    async def act(self, act: Callable[[], _T]) -> _T:
        """Return what ``act`` does while nobody else acts. One that takes too long may be done later."""
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.shield(asyncio.to_thread(self._locked, act))
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable from error

    def write(self, name: str, content: bytes) -> None:
        """Put ``content`` in the place of a file, wholly or not at all, and durably."""
        unfinished = self.path / f".{name}"
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self.path / name)
        self._flush()

    def _locked(self, act: Callable[[], _T]) -> _T:
        with (self.path / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return act()

    def _flush(self) -> None:
        """Make the names in the directory durable."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
