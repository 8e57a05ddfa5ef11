"""Verify the access tokens and the revocation feed of an issuer."""

from collections.abc import Collection, Mapping
from typing import Final

from joserfc.jwk import RSAKey

from ...domain.errors import ConfigurationError
from ...domain.tokens.claims import AccessTokenClaims
from ...domain.tokens.errors import MalformedToken
from ...domain.tokens.feed import Feed
from ...domain.verifier.errors import IssuerFault
from ...ports.issuer_verifier import IssuerVerifier
from .. import strict_json
from . import compact, feed_json
from .jwk_set import public_keys
from .verifier import JoseTokenVerifier

_MAX_FEED_LENGTH: Final = 32 * 1024 * 1024
"""The greatest length of a feed, in characters. It holds about 600,000 sessions."""


class JoseIssuerVerifier(IssuerVerifier):
    """Verifies with joserfc. Its cache of verified access tokens is cleared when other keys are trusted."""

    def __init__(self) -> None:
        self._tokens = JoseTokenVerifier()
        self._keys: Mapping[str, RSAKey] = {}
        self._trusted: Mapping[str, RSAKey] = {}

    def set_keys(self, jwk_set: bytes) -> Collection[str]:
        try:
            members = strict_json.loads(jwk_set)
        except ValueError as error:
            raise IssuerFault("The JWK Set is not JSON, or is ambiguous.") from error
        if not isinstance(members, dict):
            raise IssuerFault("The JWK Set is not an object.")
        try:
            self._keys = public_keys(members)
        except ConfigurationError as error:
            raise IssuerFault(error.description) from error
        return self._keys.keys()

    def trust(self, kids: Collection[str]) -> None:
        trusted = {kid: key for kid, key in self._keys.items() if kid in kids}
        if _moduli(trusted) != _moduli(self._trusted):
            self._trusted = trusted
            self._tokens.use(trusted)

    def decode(self, token: str) -> AccessTokenClaims:
        return self._tokens.decode(token)

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        payload = compact.verify(text, self._trusted, typ=feed_json.TYPE, max_length=_MAX_FEED_LENGTH)
        try:
            return feed_json.load(payload), compact.signer(text)
        except ValueError as error:
            raise MalformedToken from error


def _moduli(keys: Mapping[str, RSAKey]) -> dict[str, object]:
    return {kid: key.as_dict(private=False)["n"] for kid, key in keys.items()}
