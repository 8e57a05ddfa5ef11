"""The guard for WSGI applications, which other services import as ``keyturn.guard.wsgi``.

Flask and Django have more in ``keyturn.guard.flask`` and ``keyturn.guard.django``. Importing this module imports no web
framework.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..adapters.errors.format import ErrorResponse
from ..adapters.errors.problem import PROBLEM
from ..adapters.guards.environ import access_of
from ..adapters.guards.token_sources import BearerHeader, Cookie, HttpRequest
from ..adapters.guards.wsgi import GuardedApplication, WsgiGuard
from ..domain.clocks.errors import ClockInDoubt
from ..domain.errors import ConfigurationError, KeyturnError
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.errors import InsufficientScope, InvalidToken, MissingToken
from ..domain.verifier.errors import KeysUnknown, RevocationsUnknown
from ..domain.verifier.guard_state import GuardState
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .background import BackgroundFollower
from .metrics import guard_metrics
from .token_checks import TokenChecks, fixed_checks, followed_checks
from .uwsgi import check_threads

__all__ = [
    "AccessTokenClaims",
    "BearerHeader",
    "ClockInDoubt",
    "ConfigurationError",
    "Cookie",
    "ErrorResponse",
    "GuardState",
    "GuardTelemetry",
    "GuardedApplication",
    "InsufficientScope",
    "InvalidToken",
    "KeysUnknown",
    "KeyturnError",
    "MissingToken",
    "RemoteWsgiGuard",
    "RevocationsUnknown",
    "WsgiGuard",
    "check_fresh",
    "check_scope",
    "guard",
    "guard_metrics",
    "principal",
    "remote_guard",
]

TokenOf = Callable[[HttpRequest], str | None]
Render = Callable[[KeyturnError], ErrorResponse]


def principal(request: Any) -> AccessTokenClaims:
    """Return the claims of the request's access token. ``request`` is an environment, or an object that has one.

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


class RemoteWsgiGuard(WsgiGuard):
    """A guard that follows its issuer on a thread of its own."""

    def __init__(self, checks: TokenChecks, **options: Any) -> None:
        assert checks.follower is not None
        check_threads()
        self._follower = checks.follower
        self._background = BackgroundFollower(checks.follower)
        super().__init__(following=self._background, **checks.for_every_framework(), **options)

    def state(self) -> GuardState:
        """Return the state of the keys and the feed of the issuer, with their ages."""
        return self._follower.state()

    def stop(self) -> None:
        """End the thread, for tests. The next request starts it again, and every process ends it at its exit."""
        self._background.stop()


def guard(
    *,
    issuer: str,
    audience: str,
    jwk_set: Mapping[str, object],
    public: Iterable[str] = (),
    leeway: int = 30,
    token: TokenOf | None = None,
    render: Render = PROBLEM.render,
) -> WsgiGuard:
    """Return a guard that accepts tokens signed by a key of ``jwk_set``. It makes no network call, so it accepts the
    tokens of a revoked session until they expire.

    ``public`` names the paths that need no token. ``leeway`` is how much two clocks may differ, in seconds. ``token``
    finds the token of a request. Raises ``ConfigurationError`` if the JWK Set has no usable key, and ``ValueError`` for
    a public path that could be read in two ways.
    """
    checks = fixed_checks(issuer=issuer, audience=audience, jwk_set=jwk_set, leeway=leeway)
    return WsgiGuard(checks.open_requests, public=public, token=token, render=render, issuer=issuer, audience=audience)


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
) -> RemoteWsgiGuard:
    """Return a guard that fetches the issuer's keys, and refuses the tokens of revoked sessions.

    ``public`` names the paths that need no token. The other parameters are those of ``keyturn.guard.remote_guard``; all
    times are in seconds. Each process follows the issuer on one thread, from its first request on. The first requests
    with a token wait for the first fetches, at most 5 seconds. Raises ``ConfigurationError`` for an issuer that is
    neither https nor a loopback address, unless ``allow_http``, and under a uWSGI that runs no threads. Raises
    ``ValueError`` for a public path that could be read in two ways.
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
    return RemoteWsgiGuard(checks, public=public, token=token, render=render, closed=closed_when_stale)
