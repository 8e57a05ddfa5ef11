"""The guard for Django, which other services import as ``keyturn.guard.django``: a middleware, and marks of views.

The settings of a project may import this module.
"""

from typing import Any

from ..adapters.guards.django import GuardedRequest, GuardMiddleware
from ..adapters.guards.django_marks import closed_when_stale, open_when_stale, public, requires
from ..adapters.guards.environ import access_of, find_access
from ..adapters.guards.open_requests import WhileValid
from .wsgi import (
    AccessTokenClaims,
    BearerHeader,
    Cookie,
    GuardState,
    InsufficientScope,
    InvalidToken,
    KeyturnError,
    RemoteWsgiGuard,
    WsgiGuard,
    check_fresh,
    check_scope,
    guard,
    guard_metrics,
    principal,
    remote_guard,
)

__all__ = [
    "AccessTokenClaims",
    "BearerHeader",
    "Cookie",
    "GuardMiddleware",
    "GuardState",
    "GuardedRequest",
    "InsufficientScope",
    "InvalidToken",
    "KeyturnError",
    "RemoteWsgiGuard",
    "WhileValid",
    "WsgiGuard",
    "check_fresh",
    "check_scope",
    "closed_when_stale",
    "guard",
    "guard_metrics",
    "open_when_stale",
    "optional_principal",
    "principal",
    "public",
    "remote_guard",
    "requires",
    "while_valid",
]


def optional_principal(request: Any) -> AccessTokenClaims | None:
    """Return the claims of a valid token; ``None`` if the request to a public view has none."""
    access = find_access(request)
    return None if access is None else access.principal


def while_valid(request: Any) -> WhileValid:
    """Return a context for an asynchronous stream, which ends with the access token.

    The block is cancelled when the session is revoked, within the 5 seconds that the feed takes, when the key of the
    token is dropped, and when the token expires. It then raises the reason, a subclass of ``InvalidToken``.
    """
    return access_of(request).while_valid()
