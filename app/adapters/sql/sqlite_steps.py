"""Keep long statements off the event loop."""

import sqlite3
from types import TracebackType
from typing import Final

_STEPS: Final = 2_000
"""Instructions of SQLite's virtual machine between two looks at a statement. They take about 0.1 ms."""

_MAX_LOOKS: Final = 2
"""A statement that is looked at more often is too long. One that finds or changes a row by its key has 100 steps."""


class StepLimit:
    """Stops statements that are too long for the event loop. It is entered for each of them."""

    def __init__(self) -> None:
        self._looks = 0
        self._is_on = False

    def watch(self, connection: sqlite3.Connection) -> None:
        """Watch the statements of a connection."""
        connection.set_progress_handler(self._is_exceeded, _STEPS)

    def __enter__(self) -> None:
        self._looks = 0
        self._is_on = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_on = False

    def _is_exceeded(self) -> bool:
        self._looks += 1
        return self._is_on and self._looks > _MAX_LOOKS
