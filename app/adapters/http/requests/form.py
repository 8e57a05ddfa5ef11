"""Reading forms strictly: ``application/x-www-form-urlencoded`` (RFC 6749 Appendix B)."""

import re
from collections import Counter
from dataclasses import field
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

from aiohttp import web

from ....domain.errors import InvalidRequest
from .body import MAX_BYTES, read_body
from .fields import Text, Texts
from .json_body import parse, rules, text

FORM: Final = "application/x-www-form-urlencoded"

_Model = TypeVar("_Model")

_ENCODED: Final = re.compile(rb"(?:[^%\x00-\x20\x7f-\xff]|%[0-9A-Fa-f]{2})*")


def parameter(*, required: bool = False, secret: bool = False) -> Any:
    """Declare a parameter. One that is left out is "", as is one without a value (RFC 6749 §3.2)."""
    if required:
        return text(most=MAX_BYTES, secret=secret)
    return field(default="", repr=not secret, metadata={"rule": Text(0, MAX_BYTES), "required": False})


def repeatable(*, count: int) -> Any:
    """Declare a parameter that may stand ``count`` times."""
    return field(default_factory=list, metadata={"rule": Texts(count, MAX_BYTES), "required": False})


async def read_form(request: web.Request, model: type[_Model]) -> _Model:
    """Return the request's form as a ``model``; parameters that it does not name are ignored.

    Raises ``InvalidRequest`` for bad encoding, duplicates, and wrong parameters, and what ``read_body`` raises.
    """
    raw = await read_body(request, FORM)
    return parse_form([_pair(each) for each in raw.split(b"&") if each], model)


def parse_form(pairs: list[tuple[str, str]], model: type[_Model]) -> _Model:
    """Return the parameters as a ``model``; raises ``InvalidRequest``."""
    kind: Any = model
    repeat = {name for name, (rule, _) in rules(kind).items() if isinstance(rule, Texts)}
    members: dict[str, Any] = {name: [value for each, value in pairs if each == name and value] for name in repeat}
    if any(count > 1 for name, count in Counter(name for name, _ in pairs).items() if name not in repeat):
        raise InvalidRequest("A parameter stands more than once.")
    members |= {name: value for name, value in pairs if value and name not in repeat}
    return parse(members, model)


def decode(text: bytes) -> str:
    """Return what a form-encoded text stands for; raises ``InvalidRequest``, which quotes nothing of it."""
    if not _ENCODED.fullmatch(text):
        raise InvalidRequest("The parameters are not form-encoded.")
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters are not UTF-8.") from error
    if "\0" in decoded:
        raise InvalidRequest("The parameters hold a zero byte.")
    return decoded


def _pair(raw: bytes) -> tuple[str, str]:
    name, separator, value = raw.partition(b"=")
    if not separator or not name:
        raise InvalidRequest("The parameters are not form-encoded.")
    return decode(name), decode(value)
