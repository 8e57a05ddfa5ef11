"""The guard for other services: what an aiohttp application imports to protect its routes with Keyturn's tokens.

from keyturn.guard import PRINCIPAL, guard, public, requires

guard(issuer="https://id.example", audience="orders", jwk_set=jwk_set).protect(app)
"""

from collections.abc import Mapping

from .adapters.http.bearer import BearerHeader, Cookie, TokenSource
from .adapters.http.guard import PRINCIPAL, ErrorRenderer, Guard, public, requires
from .adapters.http.problem import problem
from .adapters.jose.verifier import JoseTokenVerifier
from .adapters.memory.revocation_list import MemoryRevocationList
from .adapters.system import SystemClock
from .domain.errors import ConfigurationError, InsufficientScope, InvalidToken, KeyturnError, MissingToken
from .domain.model.claims import AccessTokenClaims
from .domain.model.policy import AccessTokenPolicy
from .domain.services.validation import Validation

__all__ = [
    "PRINCIPAL",
    "AccessTokenClaims",
    "BearerHeader",
    "ConfigurationError",
    "Cookie",
    "ErrorRenderer",
    "Guard",
    "InsufficientScope",
    "InvalidToken",
    "KeyturnError",
    "MissingToken",
    "TokenSource",
    "guard",
    "problem",
    "public",
    "requires",
]


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

    ``jwk_set`` is what the issuer serves at ``/.well-known/jwks.json``; ``leeway`` is the difference between clocks
    that is allowed, in seconds. The guard makes no network call: a session revoked at the issuer is accepted until its
    access token expires. Raises ``ConfigurationError`` if the JWK Set has no usable key.
    """
    validation = Validation(
        verifier=JoseTokenVerifier.from_jwk_set(jwk_set),
        revoked=MemoryRevocationList(),
        clock=SystemClock(),
        policy=AccessTokenPolicy(issuer=issuer, audience=audience, leeway=leeway),
    )
    return Guard(validation, tokens=tokens, render=render)
