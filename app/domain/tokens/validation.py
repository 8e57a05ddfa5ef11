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

    def validate_for_any_audience(self, token: str) -> AccessTokenClaims:
        """Return the claims of a token that is valid for any audience; raises as ``validate``."""
        return self.validate(token, any_audience=True)

    def validate(self, token: str, *, any_audience: bool = False) -> AccessTokenClaims:
        """Return the claims of a valid token; raises a subclass of ``InvalidToken`` for any other, and ``ClockInDoubt``
        from a clock that is not believed.

        With ``any_audience`` the token may be for another audience than ours. A guard does this for each request, so
        this method calls few others.
        """
        try:
            claims = self._verifier.decode(token)
        except UnknownSigner:
            self._unknown_signer()
            raise
        policy, revoked, now = self._policy, self._revoked, self._clock.now()
        if claims.issuer != policy.issuer:
            raise WrongIssuer
        if not any_audience and policy.audience not in claims.audience:
            raise WrongAudience
        issued_at, ends_at = claims.issued_at, claims.expires_at
        lifetime = ends_at - issued_at
        if not 0 <= lifetime <= MAX_TOKEN_LIFETIME:
            raise MalformedToken
        if lifetime > policy.lifetime or lifetime > revoked.token_lifetime:
            # Revocations are remembered for the present lifetime. A token that was issued for a longer one must not
            # outlive the memory of its revocation.
            ends_at = issued_at + min(policy.lifetime, revoked.token_lifetime)
        if now >= ends_at + policy.leeway:
            raise ExpiredToken
        if issued_at > now + policy.leeway:
            raise TokenNotYetValid
        if revoked.ends(claims):
            raise SessionRevoked
        return claims if ends_at == claims.expires_at else replace(claims, expires_at=ends_at)

    def recheck(self, claims: AccessTokenClaims) -> float:
        """Return for how many seconds a token that was validated before is still accepted.

        Raises ``ExpiredToken``, ``SessionRevoked``, and ``ClockInDoubt``. Dropped keys are not looked at: ``validate``
        does that.
        """
        policy, revoked, now = self._policy, self._revoked, self._clock.now()
        lifetime = min(policy.lifetime, revoked.token_lifetime)
        left = min(claims.expires_at, claims.issued_at + lifetime) + policy.leeway - now
        if left <= 0:
            raise ExpiredToken
        if revoked.ends(claims):
            raise SessionRevoked
        return left
