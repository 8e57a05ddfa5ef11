"""What the guards of all frameworks are made of: the validation of tokens, and the follower of their issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..adapters.guards.core import FollowedFeed
from ..adapters.guards.open_requests import OpenRequests
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
from ..domain.verifier.issuer_keys import IssuerKeys
from ..ports.clock import Clock
from ..ports.guard_telemetry import GuardTelemetry
from .issuer_follower import IssuerFollower


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenChecks:
    """The parts of one guard that no framework changes. ``follower`` and ``feed`` are ``None`` with fixed keys.

    Validation makes no network call, and any thread may call it. The follower runs in one event loop at a time.
    """

    issuer: str
    audience: str
    validation: Validation
    open_requests: OpenRequests
    follower: IssuerFollower | None = None
    feed: FollowedFeed | None = None
    telemetry: GuardTelemetry | None = None

    def for_every_framework(self) -> dict[str, Any]:
        """Return the arguments, by their names, that the guards of all frameworks take."""
        return {name: getattr(self, name) for name in ("open_requests", "issuer", "audience", "feed", "telemetry")}


def fixed_checks(
    *,
    issuer: str,
    audience: str,
    jwk_set: Mapping[str, object],
    leeway: int = 30,
    revoked: RevocationList | None = None,
    feed: FollowedFeed | None = None,
) -> TokenChecks:
    """Return the checks of a guard that accepts tokens signed by a key of ``jwk_set``, without a follower.

    Nobody adds to ``revoked``, the list of revoked sessions, unless the caller does, as a tested issuer does. Raises
    ``ConfigurationError`` if the JWK Set has no usable key.
    """
    validation = Validation(
        verifier=JoseTokenVerifier.from_jwk_set(jwk_set),
        revoked=RevocationList() if revoked is None else revoked,
        clock=SystemClock(),
        policy=_policy(issuer, audience, leeway),
    )
    return TokenChecks(
        issuer=issuer, audience=audience, validation=validation, open_requests=OpenRequests(validation), feed=feed
    )


def followed_checks(
    *,
    issuer: str,
    audience: str,
    stale_after: float = 30.0,
    poll: float = 2.0,
    leeway: int = 30,
    allow_http: bool = False,
    telemetry: GuardTelemetry | None = None,
    clock: Clock | None = None,
) -> TokenChecks:
    """Return the checks of a guard that follows its issuer, once somebody runs its ``follower``.

    ``poll``, ``stale_after`` and ``leeway`` are in seconds. Raises ``ConfigurationError`` for an issuer that is neither
    https nor a loopback address, unless ``allow_http``.
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
    validation = Validation(verifier=keys, revoked=revoked, clock=trusted, policy=policy, unknown_signer=reload.request)
    open_requests = OpenRequests(validation)
    follower = IssuerFollower(
        issuer=source,
        keys=keys,
        feed=feed,
        reload=reload,
        revoked=revoked,
        open_requests=open_requests,
        clock=trusted,
        telemetry=telemetry,
        poll_seconds=poll,
    )
    return TokenChecks(
        issuer=issuer,
        audience=audience,
        validation=validation,
        open_requests=open_requests,
        follower=follower,
        feed=feed,
        telemetry=telemetry,
    )


def _policy(issuer: str, audience: str, leeway: int) -> AccessTokenPolicy:
    """Return a policy that leaves the lifetime of a token to its issuer: to ``exp`` and to the feed."""
    return AccessTokenPolicy(issuer=issuer, audience=audience, lifetime=MAX_TOKEN_LIFETIME, leeway=leeway)
