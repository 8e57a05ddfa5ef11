"""Answers in JSON."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web

NO_STORE: Final[Mapping[str, str]] = {hdrs.CACHE_CONTROL: "no-store", hdrs.PRAGMA: "no-cache"}
"""For answers that hold tokens or what they protect (RFC 6749 §5.1)."""

REVALIDATED: Final[Mapping[str, str]] = {hdrs.CACHE_CONTROL: "no-cache"}
"""For documents that change with the program: who keeps them asks each time."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def json_response(
    members: Mapping[str, object], *, status: int = 200, headers: Mapping[str, str] = NO_STORE
) -> web.Response:
    """Return ``members``, a mapping such as a ``TypedDict``, as a JSON object."""
    return web.Response(
        status=status, body=_encode(members).encode(), headers={hdrs.CONTENT_TYPE: "application/json", **headers}
    )


def document_response(request: web.Request, *, body: bytes, etag: str, content_type: str, max_age: int) -> web.Response:
    """Return a document for everyone, which may be kept for ``max_age`` seconds, as ``conditional_response`` does."""
    headers: dict[str, str] = {hdrs.CACHE_CONTROL: f"public, max-age={max_age}", hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*"}
    return conditional_response(request, body=body, etag=etag, content_type=content_type, headers=headers)


def conditional_response(
    request: web.Request, *, body: bytes, etag: str, content_type: str, headers: Mapping[str, str]
) -> web.Response:
    """Return a document with its ETag; 304 to who has it (RFC 9110 §15.4.5)."""
    headers = {hdrs.ETAG: f'"{etag}"', **headers}
    if request.if_none_match and any(each.value in (etag, "*") for each in request.if_none_match):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type, **headers})


def etag_of(body: bytes) -> str:
    """Return an ETag's value: the same for the same bytes, on every instance."""
    return hashlib.sha256(body).hexdigest()[:32]


def no_content() -> web.Response:
    """Return the answer to an act that has nothing to tell."""
    return web.Response(status=204, headers=NO_STORE)
