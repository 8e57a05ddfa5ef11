"""Build guards for aiohttp: one with fixed keys, and one that follows its issuer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from ..adapters.errors.aiohttp import problem
from ..adapters.guards.aiohttp import Guard, TokenSource, Unmatched
from ..adapters.guards.aiohttp_resource import ErrorRenderer
from ..adapters.guards.protected_resource import ProtectedResource
from ..adapters.guards.token_sources import BearerHeader
from ..domain.tokens.validation import Validation
from ..domain.verifier.guard_state import GuardState
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .issuer_follower import IssuerFollower
from .token_checks import fixed_checks, followed_checks


def guard(
    *,
    issuer: str,
    audience: str,
    jwk_set: Mapping[str, object],
    leeway: int = 30,
    tokens: TokenSource | None = None,
    render: ErrorRenderer = problem,
    unmatched: Unmatched = "refused",
    resource: str | None = None,
    scopes_supported: Sequence[str] = (),
) -> Guard:
    """Return a guard that accepts the access tokens of ``issuer`` for ``audience``, signed by a key of ``jwk_set``.

    ``jwk_set`` is the document that the issuer serves at ``/.well-known/jwks.json``. ``leeway`` is how much two clocks
    may differ, in seconds. The guard makes no network call, so it accepts the tokens of a revoked session until they
    expire. ``unmatched``, ``resource`` and ``scopes_supported`` are as in ``remote_guard``. Raises
    ``ConfigurationError`` if the JWK Set has no usable key, or for another ``resource`` than an https URL.
    """
    checks = fixed_checks(issuer=issuer, audience=audience, jwk_set=jwk_set, leeway=leeway)
    return Guard(
        checks.validation,
        tokens=tokens,
        render=render,
        issuer=issuer,
        audience=audience,
        open_requests=checks.open_requests,
        unmatched=unmatched,
        resource=_protected_resource(resource, issuer, scopes_supported, tokens),
    )


class RemoteGuard(Guard):
    """A guard that follows its issuer."""

    def __init__(self, validation: Validation, follower: IssuerFollower, **options: Any) -> None:
        super().__init__(validation, **options)
        self._follower = follower

    def protect(self, app: web.Application) -> None:
        """Guard every route of ``app`` that is not public, and follow the issuer while the application runs."""
        super().protect(app)
        app.cleanup_ctx.append(self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _: web.Application) -> AsyncIterator[None]:
        """Follow the issuer. An application that adds only ``middleware`` adds this to its ``cleanup_ctx``."""
        async with self._follower.running():
            yield

    def state(self) -> GuardState:
        """Return the state of the keys and the feed of the issuer, with their ages."""
        return self._follower.state()


def remote_guard(
    *,
    issuer: str,
    audience: str,
    closed_when_stale: bool = False,
    stale_after: float = 30.0,
    poll: float = 2.0,
    leeway: int = 30,
    allow_http: bool = False,
    tokens: TokenSource | None = None,
    render: ErrorRenderer = problem,
    telemetry: GuardTelemetry | None = None,
    clock: Clock | None = None,
    unmatched: Unmatched = "refused",
    resource: str | None = None,
    scopes_supported: Sequence[str] = (),
) -> RemoteGuard:
    """Return a guard that accepts the access tokens of ``issuer`` for ``audience``. It fetches the issuer's keys, and
    refuses the tokens of revoked sessions.

    The guard polls the revocation feed every ``poll`` seconds. The feed is stale when no valid feed has arrived for
    ``stale_after`` seconds; ``closed_when_stale`` says whether routes without a mark then respond with 503. ``leeway``
    is how much two clocks may differ, in seconds. No request waits for the issuer. ``telemetry``, such as
    ``guard_metrics()``, counts refusals and fetches. ``unmatched`` says who gets to the middlewares behind the guard
    where no route matches: see ``Guard``. With ``resource``, the https URL of the service, the guard serves its
    metadata (RFC 9728), with ``scopes_supported``, and refusals name this document.

    Raises ``ConfigurationError`` for an issuer that is neither https nor a loopback address, unless ``allow_http``.
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
    assert checks.follower is not None
    return RemoteGuard(
        checks.validation,
        checks.follower,
        tokens=tokens,
        render=render,
        telemetry=checks.telemetry,
        issuer=issuer,
        audience=audience,
        feed=checks.feed,
        closed=closed_when_stale,
        open_requests=checks.open_requests,
        unmatched=unmatched,
        resource=_protected_resource(resource, issuer, scopes_supported, tokens),
    )


def _protected_resource(
    resource: str | None, issuer: str, scopes: Sequence[str], tokens: TokenSource | None
) -> ProtectedResource | None:
    if resource is None:
        return None
    in_header = tokens is None or isinstance(tokens, BearerHeader)
    return ProtectedResource(resource, issuer, tuple(scopes), in_header=in_header)
