"""Parse the arguments and run the command that they name."""

import os
import signal
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import iscoroutine
from threading import current_thread, main_thread
from types import FrameType
from typing import Any, Final

from ..domain.errors import ConfigurationError, StoreUnavailable
from .arguments import escape_hyphen
from .call import Call
from .command import JSON, load, make_parser
from .declared import COMMANDS, GROUPS
from .missing_package import missing_package
from .output import Output

_INTERRUPTED: Final = 130
"""The exit status that a shell gives a program that SIGINT ended."""


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command and return its exit status.

    It is 0, 1 if the command failed, 2 for an invalid command line, 130 after Ctrl-C, and 141 if the reader of the
    output ended first. A failure is printed on standard error.
    """
    given = [escape_hyphen(each) for each in (sys.argv[1:] if arguments is None else arguments)]
    options = given[: given.index("--")] if "--" in given else given
    output = Output(as_json=JSON in options)
    try:
        status = _run(given, Call(environment, output))
    except KeyboardInterrupt:
        status = _INTERRUPTED
    return output.finish() or status


def _run(given: Sequence[str], call: Call) -> int:
    try:
        parsed = vars(make_parser(COMMANDS, GROUPS, as_json=call.output.as_json).parse_args(given))
    except SystemExit as ended:
        return int(ended.code or 0)
    except OSError as error:  # the help cannot be printed
        call.output.fault = error
        return 0
    command = parsed.pop("command")
    parsed.pop("json", None)
    call.may_create = command.creates
    try:
        done = load(command.act)(call, **parsed)
        if iscoroutine(done):
            _complete(done)
    except (ConfigurationError, StoreUnavailable) as error:
        call.output.report(error)
        return 1
    except ModuleNotFoundError as error:
        fault = missing_package(error)
        if fault is None:
            raise
        call.output.report(fault)
        return 1
    return 0


def _complete(act: Coroutine[Any, Any, None]) -> None:
    import asyncio  # noqa: PLC0415  # not all commands need it

    with _interruptible():
        asyncio.run(act)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C raise ``KeyboardInterrupt`` at once, also while a command waits for a line of a terminal.

    ``asyncio.run`` would only cancel the task, and a task that waits so does not see that.
    """
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
