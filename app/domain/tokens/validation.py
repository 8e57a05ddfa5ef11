"""Validation of access tokens (RFC 9068 §4)."""

from collections.abc import Callable

from ...ports.clock import Clock
from ...ports.token_verifier import TokenVerifier
from .claims import AccessTokenClaims
from .errors import (
    ExpiredToken,
    MalformedToken,
    SessionRevoked,
    TokenNotYetValid,
    UnknownSigner,
    WrongAudience,
    WrongIssuer,
)
from .policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy
from .revocation_list import RevocationList


class Validation:
    """Validates the access tokens of one issuer for one audience. It does no I/O.

    ``unknown_signer`` is called when no key has a token's ``kid``.
    """

    def __init__(
        self,
        *,
        verifier: TokenVerifier,
        revoked: RevocationList,
        clock: Clock,
        policy: AccessTokenPolicy,
        unknown_signer: Callable[[], object] = lambda: None,
    ) -> None:
        self._verifier = verifier
        self._revoked = revoked
        self._clock = clock
        self._policy = policy
        self._unknown_signer = unknown_signer

    def validate(self, token: str) -> AccessTokenClaims:
        """Return the claims of a valid token; raises a subclass of ``InvalidToken`` for any other."""
        return self._validate(token, audience=self._policy.audience)

    def validate_for_any_audience(self, token: str) -> AccessTokenClaims:
        """Return the claims of a token that is valid for any audience; raises as ``validate``."""
        return self._validate(token, audience=None)

    def _validate(self, token: str, *, audience: str | None) -> AccessTokenClaims:
        try:
            claims = self._verifier.decode(token)
        except UnknownSigner:
            self._unknown_signer()
            raise
        policy = self._policy
        if claims.issuer != policy.issuer:
            raise WrongIssuer
        if audience is not None and audience not in claims.audience:
            raise WrongAudience
        now = self._clock.now()
        if now >= claims.expires_at + policy.leeway:
            raise ExpiredToken
        if claims.issued_at > now + policy.leeway:
            raise TokenNotYetValid
        if not 0 <= claims.expires_at - claims.issued_at <= MAX_TOKEN_LIFETIME:
            raise MalformedToken
        if claims.session_id is not None and claims.session_id in self._revoked:
            raise SessionRevoked
        return claims
