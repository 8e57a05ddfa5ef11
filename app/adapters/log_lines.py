"""Lines of the log, as JSON. Most of a frequent line is always the same, so that part is prepared once."""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any, Final

from .request_context import REQUEST_ID

escape: Final[Callable[[str], str]] = encode_basestring_ascii
"""Return a string as JSON in ASCII, with its quotes. No character of it can end the string or the line."""

_MILLISECONDS: Final = tuple(f".{each:03}+00:00" for each in range(1000))


class PreparedLine:
    """A frequent line of a logger. It has the text that it would have with ``logging``, which makes a ``LogRecord``.

    ``fields`` returns the text of its fields, as ``fields_text`` does, from the arguments of ``log``.
    """

    def __init__(
        self, logger: logging.Logger, message: str, fields: Callable[..., str], *, level: int = logging.INFO
    ) -> None:
        self.logger = logger.name
        self._logger = logger
        self._message = message
        self._fields = fields
        self._level = level
        origin = {"level": logging.getLevelName(level).lower(), "logger": logger.name, "message": message}
        self._head = f'"{fields_text(origin)}'
        self._step: deque[Waiting] | None = None

    def log(self, *arguments: Any) -> None:
        """Write the line before this method returns."""
        handler = self._sole_handler()
        if handler is None:
            self._log_record(arguments)
        else:
            handler.write_line(self.text(time.time(), REQUEST_ID.get(), arguments, handler.always))

    def log_soon(self, *arguments: Any) -> None:
        """Write the line at the end of this step of the event loop. Its text is made then, too."""
        step = self._step
        if step is None:
            handler = self._sole_handler()
            step = self._step = None if handler is None else handler.open_step(self)
        if step is None:
            self._log_record(arguments)
        else:
            step.append((self, time.time(), REQUEST_ID.get(), arguments))

    def end_step(self) -> None:
        """Forget the handler: others may be added before the next step."""
        self._step = None

    def text(self, created: float, request_id: str | None, arguments: tuple[Any, ...], always: str = "") -> str:
        """Return the line. ``created`` is in seconds since the epoch. ``always`` is the text of more fields."""
        if request_id is not None:
            always = f'{always}, "request_id": {escape(request_id)}'
        return f'{{"time": "{time_text(created)}{self._head}{always}{self._fields(*arguments)}}}\n'

    def _sole_handler(self) -> "LineHandler | None":
        """Return the handler that takes lines, if no other handler and no filter wants a ``LogRecord`` of this one."""
        if self._logger.filters or not self._logger.isEnabledFor(self._level):
            return None
        place = self._logger
        while not place.handlers and place.propagate and place.parent is not None:
            place = place.parent
        if len(place.handlers) != 1 or (place.propagate and place.parent is not None and place.parent.hasHandlers()):
            return None
        [handler] = place.handlers
        return handler if isinstance(handler, LineHandler) and not handler.filters else None

    def _log_record(self, arguments: tuple[Any, ...]) -> None:
        if self._logger.isEnabledFor(self._level):
            fields = json.loads(f"{{{self._fields(*arguments).removeprefix(', ')}}}")
            self._logger.log(self._level, self._message, extra={"fields": fields})


Waiting = str | tuple[PreparedLine, float, str | None, tuple[Any, ...]]
"""A line, or the arguments of ``PreparedLine.text``."""


class LineHandler(logging.Handler):
    """A handler of ``logging`` that also takes lines without a ``LogRecord``.

    Every line has the fields of ``fields``. ``always`` is their text.
    """

    def __init__(self, **fields: object) -> None:
        super().__init__()
        self.always = fields_text(fields)

    def write_line(self, line: str) -> None:
        """Write a line, which ends with a line feed, after those that wait. It does not fail if that is impossible."""
        raise NotImplementedError

    def open_step(self, line: PreparedLine) -> deque[Waiting] | None:
        """Return the queue of the lines that are written at the end of this step of the event loop, in their order.

        Then ``line.end_step`` is called. Without a running event loop, ``None`` is returned.
        """
        raise NotImplementedError


def json_text(value: object) -> str:
    """Return a value as JSON in ASCII.

    A number that is not finite becomes ``null``, and a value that JSON cannot express becomes the name of its type.
    """
    return _TEXT_OF.get(type(value), _other_text)(value)


def fields_text(fields: Mapping[str, object]) -> str:
    """Return fields as members of a JSON object, in their order, each after a comma: ``, "name": "value"``."""
    return "".join([f", {escape(name)}: {json_text(value)}" for name, value in fields.items()])


def time_text(moment: float) -> str:
    """Return a time (seconds since the epoch) in UTC with milliseconds (RFC 3339)."""
    return f"{_second(int(moment))}{_MILLISECONDS[int(moment % 1 * 1000)]}"


@lru_cache(maxsize=1)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _float_text(value: float) -> str:
    return repr(value) if isfinite(value) else "null"


def _other_text(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return escape(type(value).__name__)


_TEXT_OF: Final[Mapping[type, Callable[[Any], str]]] = {
    str: escape,
    int: int.__repr__,
    float: _float_text,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
}
