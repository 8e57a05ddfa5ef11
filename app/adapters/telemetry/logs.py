"""The log: one JSON object per line, on standard error."""

import logging
import sys

from .line_output import line_output
from .log_handler import OutputHandler


def configure_logging(level: str, **always: object) -> None:
    """Write the lines of all loggers of this process that have at least ``level`` ("debug", "info", …).

    Each line has the fields ``always``. ``logging`` does not collect the thread, the process and the caller, which the
    formatter does not write.
    """
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  # see "Optimization" in the logging HOWTO
    before = _handlers()
    handler = OutputHandler(line_output(sys.stderr), **always)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for each in before:
        each.close_output()
    # Alembic logs each of its plugins when it is imported.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def dropped_lines() -> int:
    """Return how many lines of the log were dropped since ``configure_logging``, because nobody read them."""
    return sum(each.dropped for each in _handlers())


def _handlers() -> list[OutputHandler]:
    return [each for each in logging.getLogger().handlers if isinstance(each, OutputHandler)]
