"""The log as lines of JSON."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.adapters.telemetry.line_output import LineOutput
from app.adapters.telemetry.log_handler import OutputHandler


class _Lines(LineOutput):
    """An output that stores the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, text: bytes) -> int:
        self.lines.extend(text.decode("ascii").splitlines())
        return len(text)

    def close(self) -> None:
        """Do nothing."""


class LogLines(OutputHandler):
    """Stores the lines of the log, also those without a ``LogRecord``."""

    def __init__(self) -> None:
        output = _Lines()
        super().__init__(output)
        self.lines = output.lines

    def entries(self) -> list[dict[str, Any]]:
        """Return all lines; each must be a JSON object."""
        return [json.loads(line) for line in self.lines]

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return the lines of one logger."""
        return [entry for entry in self.entries() if entry["logger"] == logger]

    def text(self) -> str:
        """Return the whole log."""
        return "\n".join(self.lines)


class _WithoutPytest(list[logging.Handler]):
    """The handlers of a logger, to which pytest adds none. A prepared line makes a ``LogRecord`` for other handlers."""

    def append(self, handler: logging.Handler) -> None:
        if not type(handler).__module__.startswith("_pytest."):
            super().append(handler)


@contextmanager
def only_handler(handler: logging.Handler, name: str) -> Iterator[None]:
    """Let this handler have the lines of the logger and of those below it, but not the handlers of pytest."""
    logger = logging.getLogger(name)
    before, logger.handlers = logger.handlers, _WithoutPytest([handler])
    logger.propagate = False
    try:
        yield
    finally:
        logger.handlers = before
        logger.propagate = True
