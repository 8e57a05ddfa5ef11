"""Values for tests. A test chooses some fields; the others have defaults."""

from dataclasses import replace
from typing import Any, Final

from ..domain.identifiers import FIRST_PARTY, SessionId, Subject
from ..domain.keys.policy import KeyPolicy
from ..domain.login.user import User
from ..domain.rate_limits.policy import RateLimitPolicy
from ..domain.rate_limits.rate_limit import RateLimit
from ..domain.scope import Scope
from ..domain.sessions import ratchet
from ..domain.sessions.ratchet import RefreshToken
from ..domain.sessions.session import Session
from ..domain.tokens.claims import AccessTokenClaims
from .system import NOW

ISSUER: Final = "https://id.example"
AUDIENCE: Final = "keyturn"

KEY_POLICY: Final = KeyPolicy(period=None, jwks_max_age=600, access_token_lifetime=900, leeway=30)

RATE_LIMITS: Final = RateLimitPolicy(
    account=RateLimit(40, 80 * 3_600),
    device=RateLimit(10, 20 * 3_600),
    account_and_network=RateLimit(10, 600),
    network=RateLimit(100, 600),
    everyone=RateLimit(10_000, 600),
)

DEVICE_LIFETIME: Final = 180 * 86_400

ALICE: Final = User(
    subject=Subject("alice-subject"),
    username="alice",
    password_hash="plain:correct horse",  # noqa: S106  # the fake hasher's form
    scope=Scope.parse("account orders:read"),
)

BOB: Final = replace(ALICE, subject=Subject("bob-subject"), username="bob")

PASSWORD: Final = "correct horse"  # noqa: S105  # a test's


def refresh_token(*, session: int = 1, secret: int = 0) -> RefreshToken:
    """Return a refresh token. Each of its parts repeats one byte, which depends on the numbers."""
    return RefreshToken(SessionId(bytes([session]) * 16), bytes([100 + session]) * 16, bytes([secret]) * 32)


def session_of(token: RefreshToken, **changes: Any) -> Session:
    """Return Alice's session at ``NOW`` whose current token is ``token``."""
    session = Session(
        session_id=token.session_id,
        subject=ALICE.subject,
        client_id=FIRST_PARTY,
        scope=ALICE.scope,
        credential_version=ALICE.credential_version,
        created_at=NOW,
        expires_at=NOW + 604_800,
        idle_expires_at=None,
        lineage_digest=ratchet.digest(token.lineage),
        secret_digest=ratchet.digest(token.secret),
        generation=0,
        rotated_at=NOW,
    )
    return replace(session, **changes)


def access_token_claims(**changes: Any) -> AccessTokenClaims:
    """Return the claims of an access token of Alice's first session, issued at ``NOW`` for 15 minutes."""
    claims = AccessTokenClaims(
        issuer=ISSUER,
        subject=ALICE.subject,
        audience=(AUDIENCE,),
        client_id=FIRST_PARTY,
        issued_at=int(NOW),
        expires_at=int(NOW) + 900,
        token_id="token-1",  # noqa: S106  # an identifier
        scope=ALICE.scope,
        session_id=refresh_token().session_id,
        auth_time=int(NOW),
    )
    return replace(claims, **changes)
