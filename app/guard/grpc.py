"""The guard for ``grpc.aio`` servers, which other services import as ``keyturn.guard.grpc``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..adapters.guards.grpc import GrpcGuard
from ..adapters.guards.grpc_calls import StreamWhileValid, current_access, current_call
from ..adapters.guards.grpc_marks import requires
from ..adapters.guards.token_sources import BearerHeader, HttpRequest
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
    "BearerHeader",
    "ClockInDoubt",
    "ConfigurationError",
    "ExpiredToken",
    "GrpcGuard",
    "GuardState",
    "GuardTelemetry",
    "InsufficientScope",
    "InvalidToken",
    "KeysUnknown",
    "KeyturnError",
    "MissingToken",
    "RemoteGrpcGuard",
    "RevocationsUnknown",
    "SessionRevoked",
    "StreamWhileValid",
    "check_fresh",
    "check_scope",
    "guard",
    "guard_metrics",
    "principal",
    "remote_guard",
    "requires",
    "while_valid",
]

TokenOf = Callable[[HttpRequest], str | None]


def principal() -> AccessTokenClaims:
    """Return the claims of the access token of the call that runs.

    Raises ``RuntimeError`` where no guard protects the method, or where it is public.
    """
    return current_access().principal


def check_scope(*scopes: str) -> None:
    """Raise ``InsufficientScope`` with the first of ``scopes`` that the principal lacks: PERMISSION_DENIED."""
    current_access().check_scope(*scopes)


def check_fresh() -> None:
    """Raise ``RevocationsUnknown`` while the revocation feed is stale: the call is UNAVAILABLE.

    Raises ``RuntimeError`` under a guard that follows no feed.
    """
    current_access().check_fresh()


def while_valid() -> StreamWhileValid:
    """Return a context for a stream, which ends with the access token: the call is UNAUTHENTICATED.

    The block is cancelled when the session is revoked, within the 5 seconds that the feed takes, when the key of the
    token is dropped, and when the token expires. It then raises the reason, a subclass of ``InvalidToken``. Handlers
    must be asynchronous for this. The context sends the initial metadata, unless the handler has sent its own before.
    """
    return StreamWhileValid(current_call())


class RemoteGrpcGuard(GrpcGuard):
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
) -> GrpcGuard:
    """Return a guard that accepts tokens signed by a key of ``jwk_set``. It makes no network call, so it accepts the
    tokens of a revoked session until they expire.

    ``public`` names the methods that need no token. ``leeway`` is how much two clocks may differ, in seconds. Raises
    ``ConfigurationError`` if the JWK Set has no usable key, and ``ValueError`` for what is no method.
    """
    checks = fixed_checks(issuer=issuer, audience=audience, jwk_set=jwk_set, leeway=leeway)
    return GrpcGuard(checks.open_requests, public=public, token=token, issuer=issuer, audience=audience)


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
    telemetry: GuardTelemetry | None = None,
    clock: Clock | None = None,
) -> RemoteGrpcGuard:
    """Return a guard that fetches the issuer's keys, and refuses the tokens of revoked sessions.

    ``public`` names the methods that need no token. The other parameters are those of ``keyturn.guard.remote_guard``;
    all times are in seconds. The guard follows the issuer from ``start`` or from the first call on. Raises
    ``ConfigurationError`` for an issuer that is neither https nor a loopback address, unless ``allow_http``, and
    ``ValueError`` for what is no method.
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
    return RemoteGrpcGuard(checks, public=public, token=token, closed=closed_when_stale)
