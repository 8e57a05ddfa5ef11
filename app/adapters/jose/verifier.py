"""Verify access tokens (RFC 9068)."""

from collections.abc import Mapping
from typing import Final, Self

from joserfc.jwk import RSAKey

from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import MalformedToken
from ...ports.token_verifier import TokenVerifier
from . import access_token_json, compact
from .jwk_set import public_keys
from .verified_tokens import MAX_BYTES, VerifiedTokens

ACCESS_TOKEN_TYPE: Final = "at+jwt"  # noqa: S105  # a media type


class JoseTokenVerifier(TokenVerifier):
    """Verifies with joserfc, and caches the last tokens that it verified, in at most ``cache_bytes`` of memory.

    Only verified tokens are cached, so only the issuer's own tokens can fill the cache. Only form and signature
    are cached: time, issuer, audience and revocation are checked at every use. New keys begin a new cache. Any thread
    may call the methods.
    """

    def __init__(self, *, cache_bytes: int = MAX_BYTES) -> None:
        self._keys: Mapping[str, RSAKey] = {}
        self._cache_bytes = cache_bytes
        self._cache = VerifiedTokens(max_bytes=cache_bytes)

    @classmethod
    def from_jwk_set(cls, jwk_set: Mapping[str, object]) -> Self:
        """Return a verifier with the RSA keys of a JWK Set (RFC 7517 §5); raises ``ConfigurationError``."""
        verifier = cls()
        verifier.use(public_keys(jwk_set))
        return verifier

    def use(self, keys: Mapping[str, RSAKey]) -> None:
        """Verify only with these keys from now on. ``keys`` maps each ``kid`` to a key.

        A thread that verifies meanwhile with a key that is not there any more adds its token to the old cache.
        """
        self._keys = keys
        self._cache = VerifiedTokens(max_bytes=self._cache_bytes)

    def decode(self, token: str) -> AccessTokenClaims:
        cache = self._cache  # before the keys are read: `use` replaces them first
        claims = cache.get(token)
        if claims is None:
            claims = self.verify(token)
            cache.add(token, claims)
        return claims

    def verify(self, token: str) -> AccessTokenClaims:
        """Return the claims of ``token``, without the cache; raises as ``decode``."""
        payload = compact.verify(token, self._keys, typ=ACCESS_TOKEN_TYPE)
        try:
            return access_token_json.load(payload)
        except ValueError as error:
            raise MalformedToken from error
