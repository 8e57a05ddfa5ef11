"""What a command prints: results on standard output, faults on standard error, each as text or as JSON."""

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TextIO

from ..domain.errors import ConfigurationError

_BROKEN_PIPE: Final = 141
"""The exit status that a shell gives a program that SIGPIPE ended."""


class Output:
    """Prints the results and faults of one command.

    A program that reads the output may end before the command does, as ``head -1`` does. Nothing is printed any more
    then, but the command goes on: a change is done as a whole, and gets into the audit trail. ``fault`` is what kept
    something from being printed.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.fault: OSError | None = None
        for stream in (sys.stdout, sys.stderr):
            _escape_unencodable(stream)

    @property
    def closed(self) -> bool:
        """Whether nothing more can be printed: a list can end."""
        return self.fault is not None

    @property
    def at_terminal(self) -> bool:
        """Whether people read the results, at a terminal."""
        return not self.as_json and sys.stdout is not None and sys.stdout.isatty()

    def show(self, result: Mapping[str, object], text: str) -> None:
        """Print a result: ``text``, or ``result`` as a line of JSON."""
        if self.closed:
            return
        try:
            print(json.dumps(result) if self.as_json else text)
        except OSError as error:
            self.fault = error

    def show_secret(self, result: Mapping[str, object], text: str, secret: str) -> None:
        """Print a result with a secret. Without a terminal, a program reads the secret, alone; people read ``text``."""
        if self.as_json or self.at_terminal:
            self.show(result, f"{text}\nIts secret, which is not shown again: {secret}")
        else:
            self.show(result, secret)
            self.note(f"{text}\nIts secret, which is not shown again, is on standard output.")

    def note(self, text: str) -> None:
        """Print what people should know beside the results, on standard error."""
        if sys.stderr is None:  # it would be printed on standard output
            return
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)

    def note_at_terminal(self, text: str) -> None:
        """Print it only if people read standard error, at a terminal, and the results are text."""
        if not self.as_json and sys.stderr is not None and sys.stderr.isatty():
            self.note(text)

    def report(self, fault: object, **members: object) -> None:
        """Print a fault on standard error: its text, or JSON with ``error`` and ``members``."""
        if sys.stderr is None:  # it would be printed on standard output
            return
        with suppress(OSError):
            print(json.dumps({**members, "error": str(fault)}) if self.as_json else fault, file=sys.stderr)

    def flush(self) -> None:
        """Hand what was printed to the reader, so that they see a page of a list before the next one is read."""
        try:
            if sys.stdout is not None and not self.closed:
                sys.stdout.flush()
        except OSError as error:
            self.fault = error

    def finish(self) -> int:
        """Print what is buffered, and return 0, or the exit status if that or something before could not be printed."""
        self.flush()
        if self.fault is None:
            return 0
        with suppress(OSError, ValueError):  # the interpreter flushes once more at its end: let that succeed
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(self.fault, BrokenPipeError):
            return _BROKEN_PIPE
        self.report(ConfigurationError(f"The output could not be written: {self.fault.strerror}."))
        return 1


def _escape_unencodable(stream: TextIO) -> None:
    """Print characters that the encoding of the terminal lacks as escapes, instead of failing in the middle."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
