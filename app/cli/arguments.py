"""Arguments that begin with a hyphen, arguments that are times, and the first line of standard input."""

import re
import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Final, TextIO

from ..domain.errors import ConfigurationError

_HYPHEN_AND_ID: Final = re.compile(r" *-[A-Za-z0-9_-]{21}(?:[A-Za-z0-9_-]{21})?")
_MAX_GRACE_SECONDS: Final = 30 * 86_400
_LAST_YEAR: Final = 2_999


def escape_hyphen(argument: str) -> str:
    """Return an argument with a space before it if it may be an id that begins with a hyphen: it is no option then."""
    return f" {argument}" if _HYPHEN_AND_ID.fullmatch(argument) else argument


def unescaped(argument: str) -> str:
    """Return an argument without the space that ``escape_hyphen`` put before it."""
    return argument[1:] if argument.startswith(" ") and _HYPHEN_AND_ID.fullmatch(argument) else argument


def grace(text: str) -> int:
    """Return a time such as 24h in seconds; raises ``ArgumentTypeError`` for more than 30 days."""
    from ..service.settings.forms import duration  # noqa: PLC0415  # only this option needs the settings

    try:
        return duration(0, _MAX_GRACE_SECONDS)(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def moment(text: str) -> float:
    """Return a time of ISO 8601 in seconds since the epoch; raises ``ArgumentTypeError``."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a time such as 2026-03-01T12:00:00Z") from None
    if parsed.year > _LAST_YEAR:  # the times that follow from this one must be times, too
        raise ArgumentTypeError(f"{text!r} is after the year {_LAST_YEAR}")
    return float(int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()))


def standard_input() -> TextIO:
    """Return standard input; raises ``ConfigurationError`` if it is closed."""
    if sys.stdin is None:
        raise ConfigurationError("Standard input is closed: give what is to be read there.")
    return sys.stdin


def first_line() -> str:
    """Return the first line of standard input without its end and without a byte order mark.

    It is read as UTF-8, whatever the encoding of the terminal is. Raises ``ConfigurationError`` if it is not UTF-8.
    """
    try:
        return standard_input().buffer.readline().rstrip(b"\r\n").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError("The first line of standard input is not text in UTF-8.") from error


def confirmed(question: str) -> bool:
    """Return whether somebody at a terminal says yes. Without a terminal nobody is asked, and the answer is yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        return True
    print(question, end="", file=sys.stderr, flush=True)
    return first_line().strip().lower() in ("y", "yes")
