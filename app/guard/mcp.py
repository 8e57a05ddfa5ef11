"""The guard for MCP servers, which other services import as ``keyturn.guard.mcp``: the official SDK, and FastMCP."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..adapters.guards.mcp import McpGuard
from ..adapters.guards.protected_resource import ProtectedResource
from ..adapters.guards.token_sources import BearerHeader, HttpRequest
from ..domain.errors import ConfigurationError, KeyturnError
from ..domain.verifier.guard_state import GuardState
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .following import TaskFollowing
from .metrics import guard_metrics
from .token_checks import TokenChecks, fixed_checks, followed_checks

if TYPE_CHECKING:
    from ..adapters.guards.fastmcp import FastMcpAuth

__all__ = [
    "BearerHeader",
    "ConfigurationError",
    "GuardState",
    "GuardTelemetry",
    "KeyturnError",
    "McpGuard",
    "RemoteMcpGuard",
    "fastmcp_auth",
    "guard",
    "guard_metrics",
    "remote_guard",
]

TokenOf = Callable[[HttpRequest], str | None]


def fastmcp_auth(guard: McpGuard) -> "FastMcpAuth":
    """Return the ``auth`` of a FastMCP server that ``guard`` protects. It needs the extra ``fastmcp``."""
    from ..adapters.guards.fastmcp import FastMcpAuth  # noqa: PLC0415  # users of the SDK alone do not have it

    return FastMcpAuth(guard)


class RemoteMcpGuard(McpGuard):
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
    resource: str,
    jwk_set: Mapping[str, object],
    audience: str | None = None,
    required_scopes: Sequence[str] = (),
    public: Iterable[str] = (),
    leeway: int = 30,
) -> McpGuard:
    """Return a guard that accepts tokens signed by a key of ``jwk_set``. It makes no network call, so it accepts the
    tokens of a revoked session until they expire.

    The parameters are those of ``remote_guard``. Raises ``ConfigurationError`` if the JWK Set has no usable key, and
    as ``remote_guard``.
    """
    checks = fixed_checks(issuer=issuer, audience=audience or resource, jwk_set=jwk_set, leeway=leeway)
    return McpGuard(
        checks.open_requests,
        resource=ProtectedResource(resource, issuer, tuple(required_scopes)),
        required_scopes=required_scopes,
        public=public,
        issuer=issuer,
        audience=checks.audience,
    )


def remote_guard(
    *,
    issuer: str,
    resource: str,
    audience: str | None = None,
    required_scopes: Sequence[str] = (),
    public: Iterable[str] = (),
    closed_when_stale: bool = False,
    stale_after: float = 30.0,
    poll: float = 2.0,
    leeway: int = 30,
    allow_http: bool = False,
    telemetry: GuardTelemetry | None = None,
    clock: Clock | None = None,
) -> RemoteMcpGuard:
    """Return a guard that fetches the issuer's keys, and refuses the tokens of revoked sessions.

    ``resource`` is the URL of the server, such as ``https://orders.example/mcp``. It is the audience of the tokens,
    unless ``audience`` is another one. Every request needs all ``required_scopes``. ``public`` names paths that need no
    token. The other parameters are those of ``keyturn.guard.remote_guard``; all times are in seconds.

    Raises ``ConfigurationError`` for an issuer that is neither https nor a loopback address, unless ``allow_http``, and
    for a resource that is neither. Raises ``ValueError`` for a public path that could be read in two ways.
    """
    checks = followed_checks(
        issuer=issuer,
        audience=audience or resource,
        stale_after=stale_after,
        poll=poll,
        leeway=leeway,
        allow_http=allow_http,
        telemetry=telemetry,
        clock=clock,
    )
    return RemoteMcpGuard(
        checks,
        resource=ProtectedResource(resource, issuer, tuple(required_scopes)),
        required_scopes=required_scopes,
        public=public,
        closed=closed_when_stale,
    )
