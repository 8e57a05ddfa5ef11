"""The tokens: how they are issued, validated and revoked, and how often they may be asked for."""

from dependency_injector import providers

from ..domain.rate_limits.limiter import RateLimiter
from ..domain.rate_limits.local import LocalRateLimit
from ..domain.sessions.issuing import Issuance
from ..domain.sessions.revocation import Revocation
from ..domain.tokens.revocation_feed import RevocationFeed
from ..domain.tokens.revocation_list import RevocationList
from ..domain.tokens.validation import Validation
from .container_ground import Ground
from .container_keys import Keys
from .container_records import Records


class TokenServices(Keys):
    """The services that those of sessions, accounts and clients are made of."""

    revoked = providers.Singleton(RevocationList)
    validation = providers.Singleton(
        Validation,
        verifier=Keys.codec,
        revoked=revoked,
        clock=Ground.clock,
        policy=Ground.access_tokens,
        unknown_signer=Keys.key_reload.provided.request,
    )
    issuance = providers.Singleton(
        Issuance,
        sessions=Records.stores.sessions,
        keys=Keys.keys,
        codec=Keys.codec,
        clock=Ground.clock,
        randomness=Ground.randomness,
        audit=Records.audit,
        access_tokens=Ground.access_tokens,
        session_policy=Ground.session_policy,
    )
    revocation = providers.Singleton(
        Revocation,
        sessions=Records.stores.sessions,
        revoked=revoked,
        clock=Ground.clock,
        audit=Records.audit,
        policy=Ground.access_tokens,
    )
    feed = providers.Singleton(
        RevocationFeed,
        revoked=revoked,
        keys=Keys.keys,
        codec=Keys.codec,
        clock=Ground.clock,
        policy=Ground.access_tokens,
    )
    rate_limiter = providers.Singleton(RateLimiter, rate_limits=Records.stores.rate_limits, clock=Ground.clock)
    refresh_limit = providers.Singleton(LocalRateLimit, Ground.rate_limit_policy.provided.refresh)
    introspection_limit = providers.Singleton(LocalRateLimit, Ground.rate_limit_policy.provided.introspection)
