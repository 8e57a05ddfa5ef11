"""The log as lines of JSON."""

import json
import logging
from typing import Any


class LogLines(logging.Handler):
    """Stores the lines of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def entries(self) -> list[dict[str, Any]]:
        """Return all lines; each must be a JSON object."""
        return [json.loads(line) for line in self.lines]

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return the lines of one logger."""
        return [entry for entry in self.entries() if entry["logger"] == logger]

    def text(self) -> str:
        """Return the whole log."""
        return "\n".join(self.lines)
