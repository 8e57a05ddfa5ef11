"""The text of a record of ``logging``, as one line of JSON."""

import logging
import traceback
from types import TracebackType
from typing import Final

from ...domain.errors import KeyturnError
from ..log_lines import fields_text, time_text
from ..request_context import REQUEST_ID

_FRAMES: Final = 4


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of ASCII JSON, in which no input can break out of its string.

    Of an exception it writes the type and the place, but not the message, which may quote a client. ``always`` are the
    fields of every line.
    """

    def __init__(self, **always: object) -> None:
        super().__init__()
        self._always = always

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": time_text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **self._always,
        }
        request_id = REQUEST_ID.get()
        if request_id is not None:
            entry["request_id"] = request_id
        entry.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = _describe(record.exc_info[1])
            entry["raised_at"] = _places(record.exc_info[2])
        return f"{{{fields_text(entry).removeprefix(', ')}}}"


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    description = f"{name}: {error}" if isinstance(error, KeyturnError) else name
    return f"{description} (caused by {_describe(error.__cause__)})" if error.__cause__ else description


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
