"""The handler of the log. It writes lines in their order, and those of one step of the event loop together."""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from weakref import WeakSet

from ..log_lines import LineHandler, PreparedLine, Waiting, fields_text
from .json_formatter import JsonFormatter
from .line_output import LineOutput
from .line_queue import LineQueue, fitting_json, fitting_text

_LOG: Final = logging.getLogger("keyturn.log")
_DROPPED: Final = PreparedLine(_LOG, "log lines were dropped", fields_text, level=logging.WARNING)
_BROKEN: Final = PreparedLine(_LOG, "a line could not be written", fields_text, level=logging.ERROR)

_RETRY_SECONDS: Final = 0.02
_LAST_SECONDS: Final = 1.0

_HANDLERS: Final[WeakSet["OutputHandler"]] = WeakSet()


class OutputHandler(LineHandler):
    """Writes lines to an output that never waits.

    A line that the output does not take waits. It is tried again after 20 ms, and with the next line. When the process
    ends, or another handler takes over, the lines that wait are tried for one second. ``as_text`` turns a line of JSON
    into text for people, or into the empty string if it is not for them.
    """

    def __init__(self, output: LineOutput, *, as_text: Callable[[str], str] | None = None, **fields: object) -> None:
        super().__init__(**fields)
        self.setFormatter(JsonFormatter(**fields))
        self._output = output
        self._as_text = as_text
        self._lines: deque[Waiting] = deque()
        self._queue = LineQueue(self._dropped_line, fitting_json if as_text is None else fitting_text)
        self._in_step: list[PreparedLine] = []
        self._step_loop: asyncio.AbstractEventLoop | None = None
        self._retry_loop: asyncio.AbstractEventLoop | None = None
        _HANDLERS.add(self)

    @property
    def dropped(self) -> int:
        """Return how many lines this handler has dropped."""
        return self._queue.dropped

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
        except Exception as error:  # noqa: BLE001  # a wrong call of the log must not end what it reports about
            line = self._broken_line(record.created, record.name, error)
        self.write_line(line)

    def write_line(self, line: str) -> None:
        self._lines.append(line)
        self.flush()

    def open_step(self, line: PreparedLine) -> deque[Waiting] | None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        if self._step_loop is not loop:
            self._step_loop = loop
            loop.call_soon(self._end_step)
        self._in_step.append(line)
        return self._lines

    def flush(self) -> None:
        """Write the lines that the output takes now."""
        if self._step_loop is not None and self._step_loop.is_closed():
            self._forget_step()
        assert self.lock is not None
        with self.lock:
            if self._lines and (shown := [*filter(None, map(self._shown, self._texts()))]):
                self._queue.add(shown)
            try:
                self._queue.write(self._output.write)
            except OSError:
                self._retry_soon()

    def close(self) -> None:
        """Write the lines that wait, for at most one second."""
        self.flush()
        deadline = time.monotonic() + _LAST_SECONDS
        while self._queue and time.monotonic() < deadline:
            time.sleep(_RETRY_SECONDS)
            self.flush()
        super().close()

    def close_output(self) -> None:
        """Release the output, because another handler has taken over."""
        self._output.close()

    def forget(self) -> None:
        """Forget the lines that wait, because they belong to the parent of this process."""
        self._forget_step()
        self._lines.clear()
        self._queue.clear()

    def _texts(self) -> list[str]:
        """Return the lines of the queue. Other threads may add some meanwhile."""
        texts = []
        for _ in range(len(self._lines)):
            waiting = self._lines.popleft()
            if isinstance(waiting, str):
                texts.append(waiting)
                continue
            line, created, request_id, arguments = waiting
            try:
                texts.append(line.text(created, request_id, arguments, self.always))
            except Exception as error:  # noqa: BLE001  # it must not take the other lines with it
                texts.append(self._broken_line(created, line.logger, error))
        return texts

    def _shown(self, line: str) -> str:
        return line if self._as_text is None else self._as_text(line)

    def _end_step(self) -> None:
        self._forget_step()
        self.flush()

    def _forget_step(self) -> None:
        self._step_loop = None
        for line in self._in_step:
            line.end_step()
        self._in_step.clear()

    def _retry_soon(self) -> None:
        """Flush again after a moment, if an event loop runs. Else the next line does it."""
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            if self._retry_loop is not loop:
                self._retry_loop = loop
                loop.call_later(_RETRY_SECONDS, self._retry)

    def _retry(self) -> None:
        self._retry_loop = None
        self.flush()

    def _broken_line(self, created: float, logger: str, error: Exception) -> str:
        fields = {"of": logger, "error": type(error).__name__}
        return _BROKEN.text(created, None, (fields,), self.always)

    def _dropped_line(self, lines: int) -> str:
        return self._shown(_DROPPED.text(time.time(), None, ({"lines": lines},), self.always))


def _forget_all() -> None:
    for each in _HANDLERS:
        each.forget()


os.register_at_fork(after_in_child=_forget_all)
