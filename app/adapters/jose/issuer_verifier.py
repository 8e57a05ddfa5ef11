"""Reading what an issuer signs: access tokens and the revocation feed."""

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
from .verifier import JoseTokenVerifier, public_keys

_MOST_CHARACTERS: Final = 32 * 1024 * 1024
"""Of a feed: some 600,000 sessions."""


class JoseIssuerVerifier(IssuerVerifier):
    """Verifies with joserfc. What it remembers of access tokens is forgotten when other keys are trusted."""

    def __init__(self) -> None:
        self._tokens = JoseTokenVerifier()
        self._held: Mapping[str, RSAKey] = {}
        self._trusted: Mapping[str, RSAKey] = {}

    def set_keys(self, jwk_set: bytes) -> Collection[str]:
        try:
            members = strict_json.loads(jwk_set)
        except ValueError as error:
            raise IssuerFault("The JWK Set is not JSON, or is ambiguous.") from error
        if not isinstance(members, dict):
            raise IssuerFault("The JWK Set is not an object.")
        try:
            self._held = public_keys(members)
        except ConfigurationError as error:
            raise IssuerFault(error.description) from error
        return self._held.keys()

    def trust(self, kids: Collection[str]) -> None:
        trusted = {kid: key for kid, key in self._held.items() if kid in kids}
        if _material(trusted) != _material(self._trusted):
            self._trusted = trusted
            self._tokens.use(trusted)

    def decode(self, token: str) -> AccessTokenClaims:
        return self._tokens.decode(token)

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        payload = compact.verify(text, self._trusted, typ=feed_json.TYPE, most=_MOST_CHARACTERS)
        try:
            return feed_json.load(payload), compact.signer(text)
        except ValueError as error:
            raise MalformedToken from error


def _material(keys: Mapping[str, RSAKey]) -> dict[str, object]:
    return {kid: key.as_dict(private=False)["n"] for kid, key in keys.items()}
