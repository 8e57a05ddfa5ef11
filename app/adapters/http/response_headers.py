"""The headers that every response has, and sets of headers that are made once."""

import os
from collections.abc import Mapping
from typing import Final

from aiohttp import hdrs, web
from multidict import CIMultiDict, istr

from ..request_context import REQUEST_ID

_SERVER: Final = "keyturn"
_X_REQUEST_ID: Final = istr("X-Request-Id")

_SECURITY_HEADERS: Final = (
    (istr("X-Content-Type-Options"), "nosniff"),
    (istr("X-Frame-Options"), "DENY"),
    (istr("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"),
    (istr("Referrer-Policy"), "no-referrer"),
)
"""A name that is an ``istr`` is not folded again to lower case at each use."""

_ID_BYTES: Final = 8
_IDS_AT_ONCE: Final = 256

_ids: Final[list[str]] = []
"""Random request ids that no request has had. One call of the system makes many."""

os.register_at_fork(after_in_child=_ids.clear)  # two processes must not give the same ids


def prepared(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return ``headers`` and those that every response has, but the request id. Each response gets a copy."""
    made = CIMultiDict((istr(name), value) for name, value in headers.items())
    _add_constant_headers(made)
    return made


def new_request_id() -> str:
    """Return a new request id of 16 characters. All later log lines of this request have it."""
    if not _ids:
        digits = os.urandom(_ID_BYTES * _IDS_AT_ONCE).hex()
        _ids.extend(digits[at : at + 2 * _ID_BYTES] for at in range(0, len(digits), 2 * _ID_BYTES))
    request_id = _ids.pop()
    REQUEST_ID.set(request_id)
    return request_id


def add_headers(response: web.StreamResponse, request_id: str) -> None:
    """Add the headers that every response has. Those of ``prepared`` are there already."""
    headers = response.headers
    headers[_X_REQUEST_ID] = request_id
    if headers.get(hdrs.SERVER) != _SERVER:
        _add_constant_headers(headers)


def _add_constant_headers(headers: CIMultiDict[str]) -> None:
    for name, value in _SECURITY_HEADERS:
        headers.setdefault(name, value)
    headers[hdrs.SERVER] = _SERVER
