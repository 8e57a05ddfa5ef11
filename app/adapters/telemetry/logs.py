"""The log, on standard error: one JSON object per line, or a line of text for people at a terminal."""

import logging
import os
import sys
from collections.abc import Callable

from .line_output import line_output
from .log_handler import OutputHandler
from .text_lines import text_lines


def configure_logging(level: str, form: str | None = "json", **always: object) -> None:
    """Write the lines of all loggers of this process that have at least ``level`` ("debug", "info", …).

    ``form`` is "json" or "text"; ``None`` is text at a terminal, and JSON elsewhere. Text at a terminal leaves out good
    responses to guards and probes, unless ``level`` is "debug". Each line has the fields ``always``. ``logging`` does
    not collect the thread, the process and the caller, which the formatter does not write.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  # see "Optimization" in the logging HOWTO
    before = _handlers()
    handler = OutputHandler(line_output(sys.stderr), as_text=_as_text(form, level), **always)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for each in before:
        each.close_output()
    # Alembic logs each of its plugins when it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def dropped_lines() -> int:
    """Return how many lines of the log were dropped since ``configure_logging``, because nobody read them."""
    return sum(each.dropped for each in _handlers())


def _as_text(form: str | None, level: str) -> Callable[[str], str] | None:
    at_terminal = sys.stderr is not None and sys.stderr.isatty()
    if form == "json" or (form is None and not at_terminal):
        return None
    coloured = at_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return text_lines(coloured=coloured, routine=not at_terminal or level == "debug")


def _handlers() -> list[OutputHandler]:
    return [each for each in logging.getLogger().handlers if isinstance(each, OutputHandler)]
