"""The log: one JSON object per line, on standard error."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Final

from ...domain.errors import KeyturnError
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
            "time": f"{_second(int(record.created))}.{int(record.created % 1 * 1000):03}+00:00",
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
        return json.dumps(entry)


def configure_logging(level: str, **always: object) -> None:
    """Write the lines of all loggers of this process that have at least ``level`` ("debug", "info", …).

    Each line has the fields ``always``. ``logging`` does not collect the thread, the process and the caller, which the
    formatter does not write.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  # see "Optimization" in the logging HOWTO
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(**always))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Alembic logs each of its plugins when it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)


@lru_cache(maxsize=1)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    description = f"{name}: {error}" if isinstance(error, KeyturnError) else name
    return f"{description} (caused by {type(error.__cause__).__name__})" if error.__cause__ else description


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
