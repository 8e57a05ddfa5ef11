"""Reading request bodies strictly."""

import asyncio
from typing import Final

from aiohttp import hdrs, web

from ....domain.errors import InvalidRequest
from ... import strict_json

MAX_BYTES: Final = 16 * 1024

BODY_TIMEOUT: Final = web.AppKey("keyturn_body_timeout", float)
"""Seconds within which a body must have arrived."""


async def read_json_object(request: web.Request) -> dict[str, object]:
    """Return the request's JSON object.

    Raises ``InvalidRequest`` for what is not a JSON object read strictly, and what ``read_body`` raises.
    """
    try:
        value = strict_json.loads(await read_body(request, "application/json"))
    except ValueError as error:
        raise InvalidRequest("The body is not JSON, or is ambiguous.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The body is not a JSON object.")
    return value


async def read_body(request: web.Request, media_type: str) -> bytes:
    """Return the request's body.

    Raises 415 for another media type or charset, 413 for a body over ``MAX_BYTES``, 408 for a slow one, and
    ``InvalidRequest`` for one that is cut short.
    """
    _check_content_type(request, media_type)
    return await _read(request)


def _check_content_type(request: web.Request, expected: str) -> None:
    """Accept ``expected``, alone or with ``charset=utf-8``, once, uncompressed."""
    given = request.headers.getall(hdrs.CONTENT_TYPE, [])
    media_type, _, parameters = (given[0] if len(given) == 1 else "").partition(";")
    charset = "".join(parameters.split()).replace('"', "").lower()
    if media_type.strip().lower() != expected or charset not in ("", "charset=utf-8"):
        raise web.HTTPUnsupportedMediaType
    if hdrs.CONTENT_ENCODING in request.headers:
        raise web.HTTPUnsupportedMediaType


async def _read(request: web.Request) -> bytes:
    length = request.content_length
    if length is not None and length > MAX_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BYTES, length)
    try:
        if request.content.is_eof():
            return await request.read()
        async with asyncio.timeout(request.app[BODY_TIMEOUT]):
            return await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise InvalidRequest("The body is cut short or wrongly framed.") from error
