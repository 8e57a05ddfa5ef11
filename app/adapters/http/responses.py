"""Responses: JSON, and documents with an ETag."""

import hashlib
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web

from .. import compact_json
from .response_headers import prepared

NO_STORE: Final[Mapping[str, str]] = {hdrs.CACHE_CONTROL: "no-store", hdrs.PRAGMA: "no-cache"}
"""For responses with tokens, or with data that only the caller may see (RFC 6749 §5.1)."""

REVALIDATED: Final[Mapping[str, str]] = {hdrs.CACHE_CONTROL: "no-cache"}
"""For documents that change with the program. A cache validates its copy before each use (RFC 9111 §5.2.2.4)."""

_NO_STORE: Final = prepared(NO_STORE)
_JSON_NO_STORE: Final = prepared({hdrs.CONTENT_TYPE: "application/json", **NO_STORE})


def json_response(members: Mapping[str, object], *, status: int = 200) -> web.Response:
    """Return ``members``, a dictionary such as a ``TypedDict``, as a JSON object that nobody stores."""
    return json_bytes_response(compact_json.encode(members), status=status)


def json_bytes_response(body: bytes, *, status: int = 200) -> web.Response:
    """Return a JSON object that was encoded before. Nobody stores it."""
    return web.Response(status=status, body=body, headers=_JSON_NO_STORE)


def document_response(request: web.Request, *, body: bytes, etag: str, content_type: str, max_age: int) -> web.Response:
    """Return a public document as ``conditional_response`` does. Caches may store it for ``max_age`` seconds."""
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: f"public, max-age={max_age}", hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*"}
    return conditional_response(request, body=body, etag=etag, content_type=content_type, headers=headers)


def conditional_response(
    request: web.Request, *, body: bytes, etag: str, content_type: str, headers: Mapping[str, str]
) -> web.Response:
    """Return a document with its ETag, or 304 if the client already has it (RFC 9110 §15.4.5)."""
    headers = {hdrs.ETAG: f'"{etag}"', **headers}
    if request.if_none_match and any(each.value in (etag, "*") for each in request.if_none_match):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, **headers})


def etag_of(body: bytes) -> str:
    """Return the ETag of ``body``. It is the same on every instance."""
    return hashlib.sha256(body).hexdigest()[:32]


def no_content() -> web.Response:
    """Return a response without a body (204)."""
    return web.Response(status=204, headers=_NO_STORE)
