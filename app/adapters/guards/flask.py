"""What Flask has more than other WSGI frameworks: decorators for views, and the principal of the current request."""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import current_app, request
from werkzeug.exceptions import Forbidden, ServiceUnavailable

from ...domain.errors import KeyturnError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import InsufficientScope
from .access import Access
from .environ import access_of, find_access

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


def principal() -> AccessTokenClaims:
    """Return the claims of the access token of the current request.

    Raises ``RuntimeError`` where no guard protects the path, or where it is public.
    """
    return access_of(request).principal


def optional_principal() -> AccessTokenClaims | None:
    """Return the claims of the access token of the current request; ``None`` on a public path."""
    access = find_access(request)
    return None if access is None else access.principal


def requires(*scopes: str) -> Callable[[Callable[_Arguments, _Answer]], Callable[_Arguments, _Answer]]:
    """Let only tokens with all of ``scopes`` through to a view. Write it below the decorator of the route.

    Raises ``TypeError`` unless each scope is a string of its own. Without the guard the view fails.
    """
    if not scopes or not all(isinstance(scope, str) and len(scope.split()) == 1 for scope in scopes):
        raise TypeError('name each scope as a string of its own: @requires("orders:read")')
    return lambda view: _checked(view, lambda access: access.check_scope(*scopes))


def closed_when_stale(view: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Answer 503 while the revocation feed is stale, instead of serving a session that may be revoked.

    Under a guard that follows no feed the view fails.
    """
    return _checked(view, Access.check_fresh)


def _checked(view: Callable[_Arguments, _Answer], check: Callable[[Access], None]) -> Callable[_Arguments, _Answer]:
    """Return a view with a check before it. Flask answers the error that it knows; the guard replaces that answer."""

    @functools.wraps(view)
    def checked(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        access = access_of(request)
        try:
            check(access)
        except KeyturnError as refusal:
            known: type[Any] = Forbidden if isinstance(refusal, InsufficientScope) else ServiceUnavailable
            raise known(refusal.description) from refusal
        answer: _Answer = current_app.ensure_sync(view)(*args, **kwargs)
        return answer

    return checked
