"""The log, as an operator's machine reads it."""

import json
import logging
from typing import Any


class LogLines(logging.Handler):
    """Keeps the lines that are written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def entries(self) -> list[dict[str, Any]]:
        """Return what was written; every line must be a JSON object."""
        return [json.loads(line) for line in self.lines]

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return what one logger wrote."""
        return [entry for entry in self.entries() if entry["logger"] == logger]

    def text(self) -> str:
        """Return all that was written."""
        return "\n".join(self.lines)
