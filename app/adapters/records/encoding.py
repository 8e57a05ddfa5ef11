"""Records as bytes, for stores whose values are bytes."""

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any, Final

from .record import Record, UnreadableRecord, Value

_BYTES: Final = "b"
"""The only member of an object that stands for bytes, in base64 (RFC 4648 §4)."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def encode(record: Record) -> bytes:
    """Return a record as JSON in ASCII. Each number is read back as the same one, with all its bits."""
    return _ENCODER.encode({name: _written(value) for name, value in record.items()}).encode("ascii")


def decode(text: bytes) -> Record:
    """Return the record that ``encode`` wrote; raises ``UnreadableRecord``."""
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableRecord("the record is no JSON") from error
    if not isinstance(members, dict):
        raise UnreadableRecord("the record is no JSON object")
    return {name: _read(name, value) for name, value in members.items()}


def _written(value: Value) -> Value | Mapping[str, str]:
    return {_BYTES: b2a_base64(value, newline=False).decode("ascii")} if isinstance(value, bytes) else value


def _read(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        return a2b_base64(value[_BYTES], strict_mode=True)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableRecord(f"{name}: not bytes") from error
