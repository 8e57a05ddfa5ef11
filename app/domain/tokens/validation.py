"""Validation of access tokens (RFC 9068 §4)."""

from collections.abc import Callable
from dataclasses import replace

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

    A token is accepted until its ``exp``, but not longer than the present lifetime of access tokens after its ``iat``.
    The ``expires_at`` of the returned claims is the earlier of the two.

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
        if not 0 <= claims.expires_at - claims.issued_at <= MAX_TOKEN_LIFETIME:
            raise MalformedToken
        now, ends_at = self._clock.now(), self._ends_at(claims)
        if now >= ends_at + policy.leeway:
            raise ExpiredToken
        if claims.issued_at > now + policy.leeway:
            raise TokenNotYetValid
        if self._revoked.ends(claims):
            raise SessionRevoked
        return claims if ends_at == claims.expires_at else replace(claims, expires_at=ends_at)

    def _ends_at(self, claims: AccessTokenClaims) -> int:
        """Return the end of a token: its ``exp``, or the end of the present lifetime if that is earlier.

        Revocations are remembered for the present lifetime. A token that was issued for a longer one must not outlive
        the memory of its revocation.
        """
        lifetime = min(self._policy.lifetime, self._revoked.token_lifetime)
        return min(claims.expires_at, claims.issued_at + lifetime)
