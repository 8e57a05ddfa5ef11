"""Failures as HTTP answers in the form of their path: OAuth's below ``/oauth/``, problems everywhere else."""

from aiohttp import web

from ...domain.errors import KeyturnError
from .oauth_error import is_oauth_path, oauth_error, oauth_http_error, oauth_internal_error
from .problem import http_problem, internal_error, problem


def failure(error: KeyturnError, *, path: str) -> web.Response:
    """Return the answer at ``path`` for a failure of the domain."""
    return oauth_error(error) if is_oauth_path(path) else problem(error)


def http_failure(error: web.HTTPException, *, path: str) -> web.Response:
    """Return the answer at ``path`` for a failure of aiohttp's."""
    return oauth_http_error(error) if is_oauth_path(path) else http_problem(error)


def bug(*, path: str) -> web.Response:
    """Return the answer at ``path`` for a bug."""
    return oauth_internal_error() if is_oauth_path(path) else internal_error()
