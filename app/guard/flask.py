"""The guard for Flask, which other services import as ``keyturn.guard.flask``: that of WSGI, and marks of views."""

from ..adapters.guards.flask import closed_when_stale, optional_principal, principal, requires
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
    guard,
    guard_metrics,
    remote_guard,
)

__all__ = [
    "AccessTokenClaims",
    "BearerHeader",
    "Cookie",
    "GuardState",
    "InsufficientScope",
    "InvalidToken",
    "KeyturnError",
    "RemoteWsgiGuard",
    "WsgiGuard",
    "closed_when_stale",
    "guard",
    "guard_metrics",
    "optional_principal",
    "principal",
    "remote_guard",
    "requires",
]
