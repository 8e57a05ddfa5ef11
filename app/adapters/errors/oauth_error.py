"""Failures of ``/oauth/*`` as HTTP answers: one table from errors to the bodies of RFC 6749 §5.2."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypedDict

from aiohttp import hdrs, web

from ...domain.errors import InvalidClient, InvalidRequest, KeyturnError, TooManyAttempts, Unavailable
from ..http.responses import NO_STORE, json_response

CHALLENGE: Final = 'Basic realm="keyturn", charset="UTF-8"'
"""What a client that did not authenticate is told of how it can (RFC 7617)."""

_BELOW: Final = "/oauth/"

_STATUS: Final[dict[type[KeyturnError], HTTPStatus]] = {
    InvalidClient: HTTPStatus.UNAUTHORIZED,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

_OWN_FAULT: Final = KeyturnError.code

_HTTP_CODES: Final = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
}

_HTTP_DESCRIPTIONS: Final = {
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("Send the body as application/x-www-form-urlencoded in UTF-8, uncompressed."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is over 16 KiB.",
    HTTPStatus.REQUEST_TIMEOUT: "The body is too slow.",
    HTTPStatus.EXPECTATION_FAILED: "Expect nothing but 100-continue.",
}


class OAuthError(TypedDict):
    """A failure, as OAuth clients are told it (RFC 6749 §5.2)."""

    error: str
    error_description: str


def is_oauth_path(path: str) -> bool:
    """Tell whether failures at ``path`` are told so."""
    return path.startswith(_BELOW)


def oauth_status_and_code(kind: type[KeyturnError] | type[web.HTTPException]) -> tuple[HTTPStatus, str]:
    """Return the status and the code of the answer for failures of a kind."""
    if issubclass(kind, web.HTTPException):
        status = HTTPStatus(kind.status_code)
        return status, _HTTP_CODES.get(status, InvalidRequest.code)
    if kind.code == _OWN_FAULT:
        return HTTPStatus.INTERNAL_SERVER_ERROR, _OWN_FAULT
    return next((_STATUS[base] for base in kind.__mro__ if base in _STATUS), HTTPStatus.BAD_REQUEST), kind.code


def oauth_http_description(status: HTTPStatus) -> str:
    """Return what the answer for a failure of aiohttp's says."""
    return _HTTP_DESCRIPTIONS.get(status, status.phrase)


def oauth_error(error: KeyturnError) -> web.Response:
    """Return the answer for a failure of the domain; one that is the service's own fault is not described."""
    status, code = oauth_status_and_code(type(error))
    if code == _OWN_FAULT:
        return oauth_internal_error()
    headers = {}
    if isinstance(error, TooManyAttempts | Unavailable):
        headers[str(hdrs.RETRY_AFTER)] = str(error.retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        headers[str(hdrs.WWW_AUTHENTICATE)] = CHALLENGE
    return _render(status, code, _description(error), headers)


def oauth_http_error(error: web.HTTPException) -> web.Response:
    """Return the answer for a failure of aiohttp's, such as an unknown path; it keeps ``Allow`` (RFC 9110 §15.5.6)."""
    status, code = oauth_status_and_code(type(error))
    headers = {str(hdrs.ALLOW): error.headers[hdrs.ALLOW]} if hdrs.ALLOW in error.headers else {}
    return _render(status, code, oauth_http_description(status), headers)


def oauth_internal_error() -> web.Response:
    """Return the answer for a bug; its cause is in the log, under the id in ``X-Request-Id``."""
    return _render(HTTPStatus.INTERNAL_SERVER_ERROR, _OWN_FAULT, KeyturnError.description, {})


def _description(error: KeyturnError) -> str:
    if isinstance(error, InvalidRequest) and error.errors:
        return " ".join(f"The parameter {each.field} {each.message}." for each in error.errors)
    return error.description


def _render(status: HTTPStatus, code: str, description: str, headers: Mapping[str, str]) -> web.Response:
    members: OAuthError = {"error": code, "error_description": description.replace('"', "'")}
    return json_response(members, status=status, headers={**NO_STORE, **headers})
