"""Build guards: one with fixed keys, and one that follows its issuer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from ..adapters.errors.aiohttp import problem
from ..adapters.guards.aiohttp import ErrorRenderer, Guard, TokenSource
from ..adapters.issuer.http_issuer import HttpIssuer
from ..adapters.jose.issuer_verifier import JoseIssuerVerifier
from ..adapters.jose.verifier import JoseTokenVerifier
from ..adapters.system import SystemClock
from ..adapters.telemetry.null import NullGuardTelemetry
from ..domain.clocks.trusted_clock import TrustedClock
from ..domain.keys.reload import KeyReload
from ..domain.tokens.policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy
from ..domain.tokens.revocation_list import RevocationList
from ..domain.tokens.validation import Validation
from ..domain.verifier.feed_follower import FeedFollower
from ..domain.verifier.guard_state import GuardState
from ..domain.verifier.issuer_keys import IssuerKeys
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .issuer_follower import IssuerFollower


def guard(
    *,
    issuer: str,
    audience: str,
    jwk_set: Mapping[str, object],
    leeway: int = 30,
    tokens: TokenSource | None = None,
    render: ErrorRenderer = problem,
) -> Guard:
    """Return a guard that accepts the access tokens of ``issuer`` for ``audience``, signed by a key of ``jwk_set``.

    ``jwk_set`` is the document that the issuer serves at ``/.well-known/jwks.json``. ``leeway`` is how much two clocks
    may differ, in seconds. The guard makes no network call, so it accepts the tokens of a revoked session until they
    expire. Raises ``ConfigurationError`` if the JWK Set has no usable key.
    """
    validation = Validation(
        verifier=JoseTokenVerifier.from_jwk_set(jwk_set),
        revoked=RevocationList(),
        clock=SystemClock(),
        policy=_policy(issuer, audience, leeway),
    )
    return Guard(validation, tokens=tokens, render=render, issuer=issuer)


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
) -> RemoteGuard:
    """Return a guard that accepts the access tokens of ``issuer`` for ``audience``. It fetches the issuer's keys, and
    refuses the tokens of revoked sessions.

    The guard polls the revocation feed every ``poll`` seconds. The feed is stale when no valid feed has arrived for
    ``stale_after`` seconds; ``closed_when_stale`` says whether routes without a mark then respond with 503. ``leeway``
    is how much two clocks may differ, in seconds. No request waits for the issuer. ``telemetry``, such as
    ``guard_metrics()``, counts refusals and fetches.

    Raises ``ConfigurationError`` for an issuer that is neither https nor a loopback address, unless ``allow_http``.
    """
    trusted, telemetry = TrustedClock(clock or SystemClock(), leeway=leeway), telemetry or NullGuardTelemetry()
    policy = _policy(issuer, audience, leeway)
    source, verifier, revoked = HttpIssuer(issuer, allow_http=allow_http), JoseIssuerVerifier(), RevocationList()
    reload = KeyReload(clock=trusted)
    keys = IssuerKeys(issuer=source, verifier=verifier, clock=trusted, reload=reload)
    feed = FeedFollower(
        issuer=source,
        keys=keys,
        verifier=verifier,
        revoked=revoked,
        clock=trusted,
        policy=policy,
        stale_after=stale_after,
    )
    return RemoteGuard(
        Validation(verifier=keys, revoked=revoked, clock=trusted, policy=policy, unknown_signer=reload.request),
        IssuerFollower(
            issuer=source,
            keys=keys,
            feed=feed,
            reload=reload,
            revoked=revoked,
            clock=trusted,
            telemetry=telemetry,
            poll_seconds=poll,
        ),
        tokens=tokens,
        render=render,
        telemetry=telemetry,
        issuer=issuer,
        feed=feed,
        closed=closed_when_stale,
    )


def _policy(issuer: str, audience: str, leeway: int) -> AccessTokenPolicy:
    """Return a policy that leaves the lifetime of a token to its issuer: to ``exp`` and to the feed."""
    return AccessTokenPolicy(issuer=issuer, audience=audience, lifetime=MAX_TOKEN_LIFETIME, leeway=leeway)
