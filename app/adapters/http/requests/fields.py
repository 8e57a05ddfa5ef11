"""Fields of request models. The rule of a field checks its value, and gives its JSON schema."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Final
from unicodedata import normalize

MAX_BYTES: Final = 16 * 1024
"""The size limit of a request body, and of each form parameter in it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of a field. ``error`` returns the message for a wrong value, and ``None`` for a right one."""

    error: Callable[[Any], str | None]
    schema: Mapping[str, Any]
    required: bool = False
    repeatable: bool = False


_MAX_DECOMPOSED: Final = 4
"""The most characters whose form NFC is one character."""


def text(
    *, max_length: int, min_length: int = 1, required: bool = True, secret: bool = False, composed: bool = False
) -> Any:
    """Declare a string; lengths are characters. A secret string is hidden in ``repr``.

    A ``composed`` string may also be longer if its Unicode form NFC is short enough.
    """
    if required:
        return _text(min_length, max_length, secret=secret, composed=composed)
    return _text(min_length, max_length, secret=secret, composed=composed, default=None)


def any_text(*, secret: bool = False) -> Any:
    """Declare an optional string of any length: only the size of the body limits it."""
    return _declare(
        lambda value: None if isinstance(value, str) else "must be a string", {}, secret=secret, default=None
    )


def texts(*, max_items: int, max_length: int) -> Any:
    """Declare an optional list of strings, each with at least one character."""
    return _texts(max_items, max_length, default=None)


def one_or_more_texts(*, max_items: int) -> Any:
    """Declare an optional string, or a list of 1 to ``max_items`` strings, each with at least one character. The value
    is the list, or the string. Only the size of the body limits the strings.
    """
    message = f"must be a string or a list of 1 to {max_items} strings, each with at least one character"

    def error(value: object) -> str | None:
        items = value if isinstance(value, list) else [value]
        fits = 1 <= len(items) <= max_items and all(isinstance(each, str) and each for each in items)
        return None if fits else message

    one = {"type": "string", "minLength": 1}
    several = {"type": "array", "items": one, "minItems": 1, "maxItems": max_items}
    return _declare(error, {"anyOf": [one, several, {"type": "null"}]}, default=None)


def whole_number(*, maximum: int) -> Any:
    """Declare an optional whole number from 0 to ``maximum``. As in JSON Schema, 60.0 is a whole number."""
    message = f"must be a whole number from 0 to {maximum}"

    def error(value: object) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return message
        return None if 0 <= value <= maximum and value == int(value) else message

    return _declare(error, {"minimum": 0, "maximum": maximum}, default=None)


def boolean() -> Any:
    """Declare an optional boolean."""
    return _declare(lambda value: None if isinstance(value, bool) else "must be true or false", {}, default=None)


def json_object() -> Any:
    """Declare an optional JSON object with any members."""
    return _declare(lambda value: None if isinstance(value, dict) else "must be an object", {}, default=None)


def parameter(*, required: bool = False, secret: bool = False) -> Any:
    """Declare a form parameter. A parameter that is missing or empty is "" (RFC 6749 §3.2)."""
    if required:
        return text(max_length=MAX_BYTES, secret=secret)
    return _text(0, MAX_BYTES, secret=secret, default="")


def repeatable(*, max_items: int) -> Any:
    """Declare a form parameter that may occur up to ``max_items`` times."""
    return _texts(max_items, MAX_BYTES, default_factory=list)


@cache
def rules(model: Any) -> Mapping[str, Rule]:
    """Return the rule of each field of a request model."""
    return {each.name: each.metadata["rule"] for each in fields(model)}


def _text(min_length: int, max_length: int, *, secret: bool, composed: bool = False, **default: Any) -> Any:
    wrong_length = f"must have {min_length} to {max_length} characters"

    def error(value: object) -> str | None:
        if not isinstance(value, str):
            return "must be a string"
        length = len(value)
        if composed and max_length < length <= max_length * _MAX_DECOMPOSED:
            length = len(normalize("NFC", value))
        return None if min_length <= length <= max_length else wrong_length

    schema = {"minLength": min_length, "maxLength": max_length} | ({"format": "password"} if secret else {})
    return _declare(error, schema, secret=secret, **default)


def _texts(max_items: int, max_length: int, **default: Any) -> Any:
    wrong_length = f"must be at most {max_items} strings of 1 to {max_length} characters"

    def error(value: object) -> str | None:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return "must be a list of strings"
        return None if len(value) <= max_items and all(1 <= len(each) <= max_length for each in value) else wrong_length

    items = {"type": "string", "minLength": 1, "maxLength": max_length}
    return _declare(error, {"items": items, "maxItems": max_items}, **default)


def _declare(
    error: Callable[[Any], str | None], schema: Mapping[str, Any], *, secret: bool = False, **default: Any
) -> Any:
    rule = Rule(error, schema, required=not default, repeatable="default_factory" in default)
    return field(repr=not secret, metadata={"rule": rule}, **default)
