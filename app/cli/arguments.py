"""Arguments that begin with a hyphen, and text on the standard streams."""

import io
import re
import sys
from typing import Final, TextIO

from ..domain.errors import ConfigurationError

_HYPHEN_AND_ID: Final = re.compile(r" *-[A-Za-z0-9_-]{21}(?:[A-Za-z0-9_-]{21})?")


def escape_hyphen(argument: str) -> str:
    """Return an argument with a space before it if it may be an id that begins with a hyphen: it is no option then."""
    return f" {argument}" if _HYPHEN_AND_ID.fullmatch(argument) else argument


def unescaped(argument: str) -> str:
    """Return an argument without the space that ``escape_hyphen`` put before it."""
    return argument[1:] if argument.startswith(" ") and _HYPHEN_AND_ID.fullmatch(argument) else argument


def escape_unencodable(stream: TextIO) -> None:
    """Print characters that the encoding of the terminal lacks as escapes, instead of failing in the middle."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def first_line() -> str:
    """Return the first line of standard input without its end and without a byte order mark.

    It is read as UTF-8, whatever the encoding of the terminal is. Raises ``ConfigurationError`` if it is not UTF-8.
    """
    try:
        return sys.stdin.buffer.readline().rstrip(b"\r\n").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("The first line of standard input is not text in UTF-8.") from error
