"""A strict JSON reader (RFC 8259). It refuses each text that two readers could read differently."""

import json
import math
from typing import Final

MAX_DEPTH: Final = 8
"""The deepest nesting of arrays and objects."""

_CONTAINERS: Final = (dict, list)


def loads(raw: bytes) -> object:
    """Return the value of a JSON text.

    Raises ``ValueError`` for bytes that are not UTF-8 (RFC 8259 §8.1), duplicate members (§4), numbers that are not
    finite or have too many digits, nesting deeper than ``MAX_DEPTH``, and half a surrogate pair in a string (§8.2).
    """
    text = raw.decode("utf-8")
    try:
        value: object = _decoder.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if text.count("[") + text.count("{") > MAX_DEPTH:  # fewer brackets cannot be nested deeper
        _check_depth(value, MAX_DEPTH)
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate members")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _check_depth(value: object, allowed: int) -> None:
    if not isinstance(value, _CONTAINERS):
        return
    if allowed == 0:
        raise ValueError("nested too deep")
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, _CONTAINERS):
            _check_depth(item, allowed - 1)


_decoder: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
