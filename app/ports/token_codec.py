"""The codec of access tokens and feeds."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.feed import Feed
from .token_verifier import TokenVerifier


class TokenCodec(TokenVerifier, Protocol):
    """Signs and verifies with the installed keys. It does no I/O."""

    def install(self, keys: Sequence[StoredKey]) -> None:
        """Replace the installed keys. Parsing a private key takes about 30 ms."""
        ...

    def keys(self) -> Sequence[SigningKey]:
        """Return the installed keys, the earliest to activate first."""
        ...

    def encode(self, claims: AccessTokenClaims, *, kid: str) -> str:
        """Return the signed token (RFC 9068); ``kid`` names an installed key."""
        ...

    def decode_once(self, token: str) -> AccessTokenClaims:
        """Return the claims of ``token`` as ``decode`` does, and raise the same errors. The token is not remembered.

        So a stranger who sends old tokens takes no room from those in use.
        """
        ...

    def max_length(self, claims: AccessTokenClaims) -> int:
        """Return the length in characters of a token with these claims, signed with the largest key there can be."""
        ...

    def encode_feed(self, feed: Feed, *, kid: str) -> str:
        """Return the signed feed; ``kid`` names an installed key."""
        ...

    def jwk_set(self) -> Mapping[str, object]:
        """Return the installed public keys as a JWK Set (RFC 7517 §5), in the order of ``keys``."""
        ...
