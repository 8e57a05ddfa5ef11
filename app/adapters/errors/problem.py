"""Failures as HTTP answers: one table from errors to ``application/problem+json`` (RFC 9457)."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final, NotRequired, TypedDict

from aiohttp import hdrs, web

from ...domain.clients.errors import ClientNotFound
from ...domain.errors import AlreadyExists, InvalidClient, InvalidRequest, KeyturnError, TooManyAttempts, Unavailable
from ...domain.login.errors import InvalidCredentials, UserNotFound, WrongCurrentPassword
from ...domain.scope import InvalidScope
from ...domain.sessions.errors import InvalidGrant, SessionNotFound
from ...domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
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
    WrongCurrentPassword: HTTPStatus.FORBIDDEN,
    SessionNotFound: HTTPStatus.NOT_FOUND,
    UserNotFound: HTTPStatus.NOT_FOUND,
    ClientNotFound: HTTPStatus.NOT_FOUND,
    AlreadyExists: HTTPStatus.CONFLICT,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
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

PROBLEM_TYPE: Final = "urn:keyturn:problem:"
"""What the ``type`` of each problem begins with; its code follows."""

PROBLEM_JSON: Final = "application/problem+json"


class FieldProblem(TypedDict):
    """What is wrong with one member of the request."""

    field: str
    message: str


class Problem(TypedDict):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[Annotated[list[FieldProblem], "Where members of the request are at fault."]]
    request_id: NotRequired[Annotated[str, "On 5xx: under which the service's log tells the cause."]]


def status_and_code(kind: type[KeyturnError] | type[web.HTTPException]) -> tuple[HTTPStatus, str]:
    """Return the status and the code of the answer for failures of a kind."""
    if issubclass(kind, web.HTTPException):
        status = HTTPStatus(kind.status_code)
        return status, _HTTP_CODES.get(status, status.phrase.lower().replace(" ", "-"))
    status = next(_STATUS[base] for base in kind.__mro__ if base in _STATUS)
    return status, kind.code.replace("_", "-")


def problem(error: KeyturnError) -> web.Response:
    """Return the answer for a failure of the domain; one that is the service's own fault is not described."""
    status, code = status_and_code(type(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        error, code = KeyturnError(), status_and_code(KeyturnError)[1]
    errors: list[FieldProblem] = []
    headers: dict[str, str] = {}
    if isinstance(error, InvalidRequest):
        errors = [{"field": each.field, "message": each.message} for each in error.errors]
    if isinstance(error, TooManyAttempts | Unavailable):
        headers[hdrs.RETRY_AFTER] = str(error.retry_after)
    if status is HTTPStatus.UNAUTHORIZED or isinstance(error, InsufficientScope):
        headers[hdrs.WWW_AUTHENTICATE] = _challenge(error)
    return _render(status, code, error.description, headers, errors)


def http_problem(error: web.HTTPException) -> web.Response:
    """Return the answer for a failure of aiohttp's, such as an unknown path; it keeps ``Allow`` (RFC 9110 §15.5.6)."""
    status, code = status_and_code(type(error))
    headers = {str(hdrs.ALLOW): error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
    return _render(status, code, http_detail(status), headers)


def http_detail(status: HTTPStatus) -> str:
    """Return what the answer for a failure of aiohttp's says."""
    return _HTTP_DETAILS.get(status, status.description or status.phrase)


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
    status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str], errors: list[FieldProblem] | None = None
) -> web.Response:
    body: Problem = {
        "type": PROBLEM_TYPE + code,
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    request_id = REQUEST_ID.get()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and request_id is not None:
        body["request_id"] = request_id
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={hdrs.CACHE_CONTROL: "no-store", **headers},
        content_type=PROBLEM_JSON,
    )
