"""Turns of the processes that write to one SQLite file."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.001

_PATIENCE_SECONDS: Final = 0.25
"""Longer than several processes need to commit. A process that is stopped while it has the turn stops no other."""


class WriterTurns:
    """Lets the writer that waits be the next one. SQLite would let the one that has just committed begin again at once,
    while the others sleep.

    The turn is a lock on the folder of the file. It has to be taken before the lock of the database, and is held while
    waiting for it. It serves fairness alone: without it, SQLite's own lock still keeps the writers apart.
    """

    def __init__(self, file: Path) -> None:
        self._folder = _opened(file.parent)

    @contextmanager
    def turn(self, *, until: float) -> Iterator[None]:
        """Have the turn, or go without it after a quarter of a second or at ``until``, on the monotonic clock."""
        give_up = min(until, time.monotonic() + _PATIENCE_SECONDS)
        while not (has_turn := self.take()) and time.monotonic() < give_up:
            time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                self.give_back()

    def take(self) -> bool:
        """Return whether this process has the turn now. Without locks on folders, every process has it."""
        if self._folder is None:
            return True
        try:
            fcntl.flock(self._folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            self.close()
        return True

    def give_back(self) -> None:
        """Give the turn to another process."""
        if self._folder is not None:
            fcntl.flock(self._folder, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the folder."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None


def _opened(folder: Path) -> int | None:
    """Return the descriptor of a folder, or ``None`` if it cannot be read."""
    try:
        return os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
