"""The outermost middleware: request id, client address, errors as responses, security headers."""

import logging
import os
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from ....domain.errors import InvalidRequest, KeyturnError, Overloaded, Unavailable
from ....domain.login.errors import HashingOverloaded
from ...errors.aiohttp import bug_response, error_response, http_error_response
from ...guards.token_sources import TWO_AUTHORIZATION_HEADERS
from ...request_context import ADDRESS, REQUEST_ID
from ..requests.client_address import (
    CLIENT_ADDRESS,
    FORWARDED_FOR,
    TRUSTED_PROXIES,
    cached_client_address,
)
from .door import DOOR
from .readiness import READINESS
from .request_metrics import TELEMETRY

_LOG: Final = logging.getLogger("keyturn.http")

_REQUEST_ID_BYTES: Final = 8

SECURITY_HEADERS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)

_HEALTH: Final = frozenset({"/livez", "/readyz"})
USUAL_HEADERS: Final = {**dict(SECURITY_HEADERS), hdrs.SERVER: "keyturn"}
"""The headers of every response, except its request id."""

_MAX_LENGTH_DIGITS: Final = 20
"""The parser takes any number of leading zeros, but Python converts no text of more than 4,300 digits."""


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond to every request, whatever a handler raises. Only ``CancelledError`` passes: it ends a slow shutdown."""
    request_id = new_request_id()
    try:
        if not request.app[READINESS].started:
            _check_is_health(request)
        _store_client_address(request)
        _check_headers(request)
        response = await handler(request)
    except KeyturnError as error:
        response = _domain_error_response(request, error)
    except web.HTTPException as error:
        response = http_error_response(error, path=request.path)
    except Exception:  # noqa: BLE001  # a bug is a 500, and the log has its cause
        _LOG.exception("bug")
        response = bug_response(path=request.path)
    add_headers(response, request_id)
    if request.app[READINESS].draining:
        response.force_close()
    return response


def new_request_id() -> str:
    """Return a new request id of 16 characters. All later log lines of this request have it."""
    request_id = os.urandom(_REQUEST_ID_BYTES).hex()
    REQUEST_ID.set(request_id)
    return request_id


def add_headers(response: web.StreamResponse, request_id: str) -> None:
    """Add the headers that every response has."""
    headers = response.headers
    headers["X-Request-Id"] = request_id
    for name, value in SECURITY_HEADERS:
        headers.setdefault(name, value)
    headers[hdrs.SERVER] = "keyturn"


def _check_headers(request: web.Request) -> None:
    """Raise ``InvalidRequest`` for headers that two readers could read differently, or that aiohttp cannot read."""
    if len(request.headers.getall(hdrs.AUTHORIZATION, ())) > 1:
        raise InvalidRequest(TWO_AUTHORIZATION_HEADERS)
    if len(request.headers.get(hdrs.CONTENT_LENGTH, "")) > _MAX_LENGTH_DIGITS:
        raise InvalidRequest("Content-Length has too many digits.")


def _check_is_health(request: web.Request) -> None:
    """Raise ``Unavailable`` for a request to an instance that listens before its start is complete. It has no keys yet,
    and knows no revocation.
    """
    if request.path not in _HEALTH:
        raise Unavailable("The service is starting; try again.")


def _store_client_address(request: web.Request) -> None:
    """Store the client's address on the request, and in the context of the log and the audit trail."""
    trusted = request.app[TRUSTED_PROXIES]
    lines = tuple(request.headers.getall(FORWARDED_FOR, ())) if trusted else ()
    request[CLIENT_ADDRESS] = address = cached_client_address(request.remote, lines, trusted)
    ADDRESS.set(address)


def _domain_error_response(request: web.Request, error: KeyturnError) -> web.Response:
    """Return the response to a domain error. Log it if it is a 5xx."""
    if isinstance(error, HashingOverloaded) and not error.reached_hasher:
        request.app[TELEMETRY].hashing_refused()
    is_overloaded = isinstance(error, Overloaded)
    if isinstance(error, Overloaded) and DOOR in request.app:
        error.retry_after = request.app[DOOR].refused(request.path, error.reason)
    response = error_response(error, path=request.path)
    if is_overloaded:  # many are refused then, and a background task logs their number
        _LOG.debug("failed", exc_info=error)
    elif response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.log(logging.WARNING if isinstance(error, Unavailable) else logging.ERROR, "failed", exc_info=error)
    return response
