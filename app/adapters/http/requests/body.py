"""Read request bodies: JSON, and forms (RFC 6749 Appendix B). The models are dataclasses made of ``fields``."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

from aiohttp import StreamReader, hdrs, web

from ....domain.errors import FieldError, InvalidRequest
from ... import strict_json
from .fields import MAX_BYTES, rules

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
PLAIN: Final = "text/plain"

BODY_TIMEOUT: Final = web.AppKey("keyturn_body_timeout", float)
"""The seconds within which a body must arrive."""

_Model = TypeVar("_Model")

_FORM_ENCODED: Final = re.compile(rb"(?:[^%\x00-\x20\x7f-\xff]|%[0-9A-Fa-f]{2})*")
_PLAIN_FORM: Final = re.compile(rb"[!-~]*")
"""With neither "%" nor "+" in it, a form of these characters needs no decoding. Those of most programs are so."""


async def read_json(request: web.Request, model: Callable[..., _Model]) -> _Model:
    """Return the request's JSON object as a ``model``, without the members that the model does not have.

    Raises ``InvalidRequest`` with an error for each wrong field, and the errors of ``read_body``.
    """
    return _json_model(await read_body(request, JSON), model)


async def read_optional(
    request: web.Request, model: Callable[..., _Model], *, media_types: Sequence[str] = (JSON,)
) -> _Model:
    """Return the request's body, of one of ``media_types``, as a ``model``. An empty body has no members.

    ``PLAIN`` is JSON that is sent as text. Raises everything that ``read_json`` and ``read_form`` raise.
    """
    raw = await _read(request)
    if not raw:
        return model()
    given = _check_type(request, media_types)
    return (_form_model if given == FORM else _json_model)(raw, model)


def _json_model(raw: bytes, model: Callable[..., _Model]) -> _Model:
    try:
        members = strict_json.loads(raw)
    except ValueError as error:
        raise InvalidRequest("The body is not JSON, or is ambiguous.") from error
    if not isinstance(members, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return build_model(model, members)


async def read_form(request: web.Request, model: Callable[..., _Model]) -> _Model:
    """Return the request's form as a ``model``, without the parameters that the model does not have.

    Raises ``InvalidRequest`` for bad encoding, for a repeated parameter (RFC 6749 §3.2) and for wrong parameters, and
    the errors of ``read_body``.
    """
    return _form_model(await read_body(request, FORM), model)


def _form_model(raw: bytes, model: Callable[..., _Model]) -> _Model:
    lists = _repeatable(model)
    members: dict[str, Any] = {name: [] for name in lists}
    is_plain = b"%" not in raw and b"+" not in raw and _PLAIN_FORM.fullmatch(raw)
    decode = _decode_plain if is_plain else decode_form
    repeated = False
    for pair in filter(None, raw.split(b"&")):
        raw_name, separator, raw_value = pair.partition(b"=")
        if not separator or not raw_name:
            raise InvalidRequest("The parameters are not form-encoded.")
        name, value = decode(raw_name), decode(raw_value)
        if name in lists:
            members[name] += [value] if value else []
        else:
            repeated |= name in members
            members[name] = value
    if repeated:
        raise InvalidRequest("A parameter occurs more than once.")
    return build_model(model, {name: value for name, value in members.items() if value})


@cache
def _repeatable(model: Any) -> frozenset[str]:
    """Return the names of the parameters that may occur several times."""
    return frozenset(name for name, rule in rules(model).items() if rule.repeatable)


def _decode_plain(text: bytes) -> str:
    return text.decode("ascii")


def decode_form(text: bytes) -> str:
    """Return ``text`` decoded from its form encoding; raises ``InvalidRequest``, which does not quote the text."""
    if not _FORM_ENCODED.fullmatch(text):
        raise InvalidRequest("The parameters are not form-encoded.")
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters are not UTF-8.") from error
    if "\0" in decoded:
        raise InvalidRequest("The parameters have a zero byte.")
    return decoded


async def read_body(request: web.Request, media_type: str) -> bytes:
    """Return the request's body, which must be of ``media_type``, in UTF-8 and uncompressed.

    Raises 415 for another type, charset or encoding, 413 for a body over ``MAX_BYTES``, 408 for a slow body, and
    ``InvalidRequest`` for a body that ends too early.
    """
    _check_type(request, (media_type,))
    return await _read(request)


def _check_type(request: web.Request, media_types: Sequence[str]) -> str:
    """Return the media type of the body, which is one of ``media_types``, in UTF-8 and uncompressed; raises 415."""
    content_types = request.headers.getall(hdrs.CONTENT_TYPE, ())
    given, _, parameters = (content_types[0] if len(content_types) == 1 else "").partition(";")
    charset = "".join(parameters.split()).replace('"', "").lower()
    media_type = given.strip().lower()
    if media_type not in media_types or charset not in ("", "charset=utf-8"):
        raise web.HTTPUnsupportedMediaType
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType
    return media_type


async def _read(request: web.Request) -> bytes:
    """Return the body, b"" if there is none. Raises 413, 408 and ``InvalidRequest`` as ``read_body`` does."""
    length = request.content_length
    if length is not None and length > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BYTES, length)
    try:
        if request.content.is_eof():
            return _arrived(request.content)
        async with asyncio.timeout(request.app[BODY_TIMEOUT]):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise InvalidRequest("The body is cut short or wrongly framed.") from error


def _arrived(content: StreamReader) -> bytes:
    """Return a body that has arrived as a whole; raises 413."""
    raw = content.read_nowait()
    while not content.at_eof():
        raw += content.read_nowait()
    if len(raw) > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BYTES, len(raw))
    return raw


def build_model(model: Callable[..., _Model], members: Mapping[str, Any]) -> _Model:
    """Return ``members`` as a ``model``. A member that is ``None`` counts as missing.

    Raises ``InvalidRequest`` with an error for each wrong field.
    """
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, rule in rules(model).items():
        value = members.get(name)
        if value is None:
            message = "is missing" if rule.required else None
        else:
            values[name] = value
            message = rule.error(value)
        if message:
            errors.append(FieldError(name, message))
    if errors:
        raise InvalidRequest("A field is missing or wrong.", errors=errors)
    return model(**values)
