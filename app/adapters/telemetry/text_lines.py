"""Lines of the log as people read them. They are made from the JSON of a line, so that both say the same."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..log_lines import json_text

_LEVELS: Final = {"debug": 2, "info": 32, "warning": 33, "error": 31, "critical": 31}
"""The colour of each level (SGR of ECMA-48)."""

_DIM: Final = 2
_QUIET: Final = ("debug", "info")
_TIME: Final = slice(len("2026-03-01T"), len("2026-03-01T12:00:00"))
_ROUTINE: Final = frozenset(
    {
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/.well-known/revoked-sessions",
        "/livez",
        "/readyz",
    }
)
"""The routes that guards and probes ask every few seconds."""

_FIRST_BAD_STATUS: Final = 400
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+%,(){}<>*?")


def text_lines(*, coloured: bool, routine: bool = True) -> Callable[[str], str]:
    """Return a function that turns a line of JSON into a line of ASCII text. No value of it can end the line, or be
    read as a sequence by a terminal. Without ``routine``, good responses to guards and probes become the empty string.
    """

    def text_line(line: str) -> str:
        fields: dict[str, Any] = json.loads(line)
        if not routine and _is_routine(fields):
            return ""
        time, level, logger, message = (str(fields.pop(name)) for name in ("time", "level", "logger", "message"))
        if level in _QUIET:
            fields.pop("request_id", None)
        message, fields = _request(message, fields)
        if not logger.startswith("keyturn"):
            fields["logger"] = logger
        values = " ".join(f"{name}={_value(value)}" for name, value in fields.items())
        head = f"{_coloured(time[_TIME], _DIM, coloured)} {_coloured(level.ljust(7), _LEVELS.get(level, 0), coloured)}"
        return f"{head} {_printable(message)}{values and '  '}{_coloured(values, _DIM, coloured)}".rstrip() + "\n"

    return text_line


def _is_routine(fields: Mapping[str, Any]) -> bool:
    """Whether a line is of the access log, about a good response to a guard or a probe."""
    answered = fields["logger"] == "keyturn.access" and fields.get("route") in _ROUTINE
    return answered and int(fields["status"]) < _FIRST_BAD_STATUS


def _request(message: str, fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the message and the fields of a line of the access log, with the request in the message."""
    rest = dict(fields)
    if message != "answered" or not {"method", "route", "status", "milliseconds"} <= rest.keys():
        return message, rest
    method, route, status, milliseconds = (rest.pop(name) for name in ("method", "route", "status", "milliseconds"))
    return f"{method} {route}: {status} in {milliseconds} ms", rest


def _coloured(text: str, colour: int, coloured: bool) -> str:  # noqa: FBT001  # it is asked in one place
    return f"\x1b[{colour}m{text}\x1b[0m" if coloured and text and colour else text


def _value(value: object) -> str:
    """Return a value as it is if it is a word, else as JSON."""
    return value if isinstance(value, str) and value and _WORD.issuperset(value) else json_text(value)


def _printable(message: str) -> str:
    return message if message.isascii() and message.isprintable() else json_text(message)
