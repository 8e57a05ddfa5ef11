"""Failures as HTTP answers: one table from errors to ``application/problem+json`` (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from ...domain.errors import (
    InsufficientScope,
    InvalidClient,
    InvalidCredentials,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    InvalidToken,
    KeyturnError,
    MissingToken,
    SessionNotFound,
    Unavailable,
)
from ..request_context import REQUEST_ID

_STATUS: Final[dict[type[KeyturnError], HTTPStatus]] = {
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    InvalidScope: HTTPStatus.BAD_REQUEST,
    InvalidClient: HTTPStatus.UNAUTHORIZED,
    InvalidCredentials: HTTPStatus.UNAUTHORIZED,
    InvalidGrant: HTTPStatus.UNAUTHORIZED,
    MissingToken: HTTPStatus.UNAUTHORIZED,
    InvalidToken: HTTPStatus.UNAUTHORIZED,
    InsufficientScope: HTTPStatus.FORBIDDEN,
    SessionNotFound: HTTPStatus.NOT_FOUND,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    KeyturnError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

_HTTP_CODES: Final = {
    HTTPStatus.BAD_REQUEST: "invalid-request",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload-too-large",
}

_HTTP_DETAILS: Final = {
    HTTPStatus.BAD_REQUEST: "This is not an HTTP request, or its target or a header is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send the body as application/json in UTF-8, uncompressed.",
}

_CHALLENGE: Final = "Bearer"


def problem(error: KeyturnError) -> web.Response:
    """Return the answer for a failure of the domain; one that is the service's own fault is not described."""
    status = next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        error = KeyturnError()
    members: dict[str, object] = {}
    headers: dict[str, str] = {}
    if isinstance(error, InvalidRequest) and error.errors:
        members["errors"] = [{"field": each.field, "message": each.message} for each in error.errors]
    if isinstance(error, Unavailable):
        headers[hdrs.RETRY_AFTER] = str(error.retry_after)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        headers[hdrs.WWW_AUTHENTICATE] = _challenge(error)
    return _render(status, error.code.replace("_", "-"), error.description, members, headers)


def http_problem(error: web.HTTPException) -> web.Response:
    """Return the answer for a failure of aiohttp's, such as an unknown path; it keeps ``Allow`` (RFC 9110 §15.5.6)."""
    status = HTTPStatus(error.status)
    headers = {str(hdrs.ALLOW): error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
    code = _HTTP_CODES.get(status, status.phrase.lower().replace(" ", "-"))
    return _render(status, code, _HTTP_DETAILS.get(status, status.description or status.phrase), {}, headers)


def unreadable_request() -> web.Response:
    """Return the answer for bytes that are not an HTTP request; it quotes none of them."""
    return http_problem(web.HTTPBadRequest())


def internal_error() -> web.Response:
    """Return the answer for a bug; its cause is in the log, under the request id."""
    return problem(KeyturnError())


def _challenge(error: KeyturnError) -> str:
    """Return the challenge of RFC 6750 §3: with an error only where a token was presented."""
    if not isinstance(error, InvalidToken | InsufficientScope):
        return _CHALLENGE
    scope = f', scope="{error.scope}"' if isinstance(error, InsufficientScope) else ""
    return f'{_CHALLENGE} error="{error.code}", error_description="{error.description}"{scope}'


def _render(
    status: HTTPStatus, code: str, detail: str, members: dict[str, object], headers: Mapping[str, str]
) -> web.Response:
    body = {
        "type": f"urn:keyturn:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        **members,
    }
    request_id = REQUEST_ID.get()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and request_id is not None:
        body["request_id"] = request_id
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={hdrs.CACHE_CONTROL: "no-store", **headers},
        content_type="application/problem+json",
    )
