"""Errors among the replies of a server."""

from collections.abc import Callable, Mapping
from typing import Final

from redis.exceptions import AskError, MovedError, NoScriptError, ReadOnlyError, ResponseError

_BY_CODE: Final[Mapping[str, Callable[[str], ResponseError]]] = {
    "ASK": AskError,
    "MOVED": MovedError,
    "NOSCRIPT": NoScriptError,
    "READONLY": ReadOnlyError,
}
"""The errors to which somebody reacts. Their first word is their code."""


def to_error(text: str) -> ResponseError:
    """Return the error that a server describes with this text."""
    code, _, rest = text.partition(" ")
    kind = _BY_CODE.get(code)
    return ResponseError(text) if kind is None else kind(rest)
