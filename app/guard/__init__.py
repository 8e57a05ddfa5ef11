"""The guard that other services import as ``keyturn.guard``; each name is loaded when it is first used.

May import: the adapters, the ports, the domain.
"""

from typing import TYPE_CHECKING

from .loading import load

if TYPE_CHECKING:
    from ..adapters.errors.aiohttp import problem
    from ..adapters.guards.aiohttp import Guard, TokenSource
    from ..adapters.guards.aiohttp_marks import closed_when_stale, open_when_stale, public, requires
    from ..adapters.guards.aiohttp_request import PRINCIPAL, accept_token, optional_principal, while_valid
    from ..adapters.guards.aiohttp_resource import ErrorRenderer
    from ..adapters.guards.token_sources import BearerHeader, Cookie
    from ..domain.clocks.errors import ClockInDoubt
    from ..domain.errors import ConfigurationError, KeyturnError
    from ..domain.tokens.claims import AccessTokenClaims
    from ..domain.tokens.errors import ExpiredToken, InsufficientScope, InvalidToken, MissingToken, SessionRevoked
    from ..domain.verifier.errors import KeysUnknown, RevocationsUnknown
    from ..domain.verifier.guard_state import GuardState
    from ..ports.guard_telemetry import GuardTelemetry
    from .factories import RemoteGuard, guard, remote_guard
    from .metrics import guard_metrics

__all__ = [
    "PRINCIPAL",
    "AccessTokenClaims",
    "BearerHeader",
    "ClockInDoubt",
    "ConfigurationError",
    "Cookie",
    "ErrorRenderer",
    "ExpiredToken",
    "Guard",
    "GuardState",
    "GuardTelemetry",
    "InsufficientScope",
    "InvalidToken",
    "KeysUnknown",
    "KeyturnError",
    "MissingToken",
    "RemoteGuard",
    "RevocationsUnknown",
    "SessionRevoked",
    "TokenSource",
    "accept_token",
    "closed_when_stale",
    "guard",
    "guard_metrics",
    "open_when_stale",
    "optional_principal",
    "problem",
    "public",
    "remote_guard",
    "requires",
    "while_valid",
]

if not TYPE_CHECKING:
    __getattr__ = load
