"""Errors as aiohttp responses. The path chooses the format."""

from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web

from ...domain.errors import KeyturnError
from .format import ErrorFormat, ErrorResponse
from .oauth import OAUTH
from .problem import PROBLEM

_OAUTH_PATH: Final = "/oauth/"


def error_format(path: str) -> ErrorFormat:
    """Return the format of errors at ``path``."""
    return OAUTH if path.startswith(_OAUTH_PATH) else PROBLEM


def problem(error: KeyturnError) -> web.Response:
    """Return the response to a domain error in the format of RFC 9457."""
    return _response(PROBLEM.render(error))


def error_response(error: KeyturnError, *, path: str) -> web.Response:
    """Return the response to a domain error at ``path``."""
    return _response(error_format(path).render(error))


def http_error_response(error: web.HTTPException, *, path: str) -> web.Response:
    """Return the response to an error of aiohttp at ``path``, such as an unknown path. It keeps ``Allow``."""
    status, allow = HTTPStatus(error.status), error.headers.get(hdrs.ALLOW)
    return _response(error_format(path).render_status(status, allow=allow))


def bug_response(*, path: str) -> web.Response:
    """Return the response (500) to a bug at ``path``. The caller logs the cause."""
    return error_response(KeyturnError(), path=path)


def unreadable_request_response() -> web.Response:
    """Return the response to bytes that are not an HTTP request. It does not quote them."""
    return _response(PROBLEM.render_status(HTTPStatus.BAD_REQUEST))


def _response(response: ErrorResponse) -> web.Response:
    return web.Response(status=response.status, body=response.body, headers=response.headers)
