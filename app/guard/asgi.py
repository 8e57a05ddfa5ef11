"""The guard for ASGI applications, which other services import as ``keyturn.guard.asgi``: Starlette, Litestar, Quart.

FastAPI has more in ``keyturn.guard.fastapi``. Importing this module imports no web framework.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..adapters.errors.format import ErrorResponse
from ..adapters.errors.problem import PROBLEM
from ..adapters.guards.asgi import AsgiGuard, GuardedApplication, access_of
from ..adapters.guards.open_requests import WhileValid
from ..adapters.guards.protected_resource import ProtectedResource
from ..adapters.guards.token_sources import BearerHeader, Cookie, HttpRequest
from ..domain.clocks.errors import ClockInDoubt
from ..domain.errors import ConfigurationError, KeyturnError
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.errors import ExpiredToken, InsufficientScope, InvalidToken, MissingToken, SessionRevoked
from ..domain.verifier.errors import KeysUnknown, RevocationsUnknown
from ..domain.verifier.guard_state import GuardState
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .following import TaskFollowing
from .metrics import guard_metrics
from .token_checks import TokenChecks, fixed_checks, followed_checks

__all__ = [
    "AccessTokenClaims",
    "AsgiGuard",
    "BearerHeader",
    "ClockInDoubt",
    "ConfigurationError",
    "Cookie",
    "ErrorResponse",
    "ExpiredToken",
    "GuardState",
    "GuardTelemetry",
    "GuardedApplication",
    "InsufficientScope",
    "InvalidToken",
    "KeysUnknown",
    "KeyturnError",
    "MissingToken",
    "RemoteAsgiGuard",
    "RevocationsUnknown",
    "SessionRevoked",
    "WhileValid",
    "check_fresh",
    "check_scope",
    "guard",
    "guard_metrics",
    "principal",
    "remote_guard",
    "while_valid",
]

TokenOf = Callable[[HttpRequest], str | None]
Render = Callable[[KeyturnError], ErrorResponse]


def principal(request: Any) -> AccessTokenClaims:
    """Return the claims of the request's access token. ``request`` is a scope, or an object that has one as ``scope``.

    Raises ``RuntimeError`` where no guard protects the path, or where it is public.
    """
    return access_of(request).principal


def check_scope(request: Any, *scopes: str) -> None:
    """Raise ``InsufficientScope`` with the first of ``scopes`` that the principal lacks; the guard renders it."""
    access_of(request).check_scope(*scopes)


def check_fresh(request: Any) -> None:
    """Raise ``RevocationsUnknown`` while the revocation feed is stale; the guard renders it.

    Raises ``RuntimeError`` under a guard that follows no feed.
    """
    access_of(request).check_fresh()


def while_valid(request: Any) -> WhileValid:
    """Return a context for a socket or a stream, which ends with the access token.

    The block is cancelled when the session is revoked, within the 5 seconds that the feed takes, when the key of the
    token is dropped, and when the token expires. It then raises the reason, a subclass of ``InvalidToken``.
    """
    return access_of(request).while_valid()


class RemoteAsgiGuard(AsgiGuard):
    """A guard that follows its issuer."""

    def __init__(self, checks: TokenChecks, **options: Any) -> None:
        assert checks.follower is not None
        super().__init__(following=TaskFollowing(checks.follower), **checks.for_every_framework(), **options)
        self._follower = checks.follower

    def state(self) -> GuardState:
        """Return the state of the keys and the feed of the issuer, with their ages."""
        return self._follower.state()


def guard(
    *,
    issuer: str,
    audience: str,
    jwk_set: Mapping[str, object],
    public: Iterable[str] = (),
    leeway: int = 30,
    token: TokenOf | None = None,
    render: Render = PROBLEM.render,
    resource: str | None = None,
    scopes_supported: Sequence[str] = (),
) -> AsgiGuard:
    """Return a guard that accepts tokens signed by a key of ``jwk_set``. It makes no network call, so it accepts the
    tokens of a revoked session until they expire.

    ``public`` names the paths that need no token. ``leeway`` is how much two clocks may differ, in seconds. ``token``
    finds the token of a request. ``resource`` and ``scopes_supported`` are as in ``remote_guard``. Raises
    ``ConfigurationError`` if the JWK Set has no usable key, or for another ``resource`` than an https URL, and
    ``ValueError`` for a public path that could be read in two ways.
    """
    checks = fixed_checks(issuer=issuer, audience=audience, jwk_set=jwk_set, leeway=leeway)
    return AsgiGuard(
        checks.open_requests,
        public=public,
        token=token,
        render=render,
        issuer=issuer,
        audience=audience,
        resource=_protected_resource(resource, issuer, scopes_supported, token),
    )


def remote_guard(
    *,
    issuer: str,
    audience: str,
    public: Iterable[str] = (),
    closed_when_stale: bool = False,
    stale_after: float = 30.0,
    poll: float = 2.0,
    leeway: int = 30,
    allow_http: bool = False,
    token: TokenOf | None = None,
    render: Render = PROBLEM.render,
    telemetry: GuardTelemetry | None = None,
    clock: Clock | None = None,
    resource: str | None = None,
    scopes_supported: Sequence[str] = (),
) -> RemoteAsgiGuard:
    """Return a guard that fetches the issuer's keys, and refuses the tokens of revoked sessions.

    ``public`` names the paths that need no token. The other parameters are those of ``keyturn.guard.remote_guard``; all
    times are in seconds. The guard follows the issuer from the start of the application. On a server without a
    lifespan, it does so from the first request on. With ``resource``, the https URL of the service, the guard serves
    its metadata (RFC 9728), which name the issuer and the ``scopes_supported``.

    Raises ``ConfigurationError`` for an issuer that is neither https nor a loopback address, unless ``allow_http``, and
    for another ``resource`` than an https URL. Raises ``ValueError`` for a public path that could be read in two ways.
    """
    checks = followed_checks(
        issuer=issuer,
        audience=audience,
        stale_after=stale_after,
        poll=poll,
        leeway=leeway,
        allow_http=allow_http,
        telemetry=telemetry,
        clock=clock,
    )
    return RemoteAsgiGuard(
        checks,
        public=public,
        token=token,
        render=render,
        closed=closed_when_stale,
        resource=_protected_resource(resource, issuer, scopes_supported, token),
    )


def _protected_resource(
    resource: str | None, issuer: str, scopes: Sequence[str], token: TokenOf | None
) -> ProtectedResource | None:
    if resource is None:
        return None
    return ProtectedResource(resource, issuer, tuple(scopes), in_header=token is None)
