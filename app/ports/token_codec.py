"""The codec of access tokens and feeds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from ..domain.keys.signing_key import SigningKey
from ..domain.keys.stored_key import StoredKey
from ..domain.tokens.claims import AccessTokenClaims
from ..domain.tokens.feed import Feed
from .token_verifier import TokenVerifier


class TokenCodec(TokenVerifier, Protocol):
    """Writes and reads tokens, and verifies them with the installed public keys. It does no I/O.

    A token is a JWS (RFC 7515 §7.1). It is made in two steps, because another part signs: first the signing input, then
    the token, assembled from the signing input and its signature.
    """

    def install(self, keys: Sequence[StoredKey]) -> None:
        """Replace the installed keys."""
        ...

    def keys(self) -> Sequence[SigningKey]:
        """Return the installed keys, the earliest to activate first."""
        ...

    def signing_input(self, claims: AccessTokenClaims, *, kid: str) -> bytes:
        """Return what the key ``kid`` has to sign for an access token (RFC 9068; RFC 7515 §5.1)."""
        ...

    def feed_payload(self, feed: Feed) -> Iterator[bytes]:
        """Yield the encoded payload of a feed in parts. To make one takes less than ten milliseconds."""
        ...

    def feed_signing_input(self, payload: Sequence[bytes], *, kid: str) -> bytes:
        """Return what the key ``kid`` has to sign for the feed with this payload."""
        ...

    def assemble_feed(self, signing_input: bytes, signature: bytes) -> bytes:
        """Return a feed: a signing input of this codec, with its signature."""
        ...

    def assemble(self, signing_input: bytes, signature: bytes) -> str:
        """Return the token: a signing input of this codec, with its signature."""
        ...

    def decode_once(self, token: str) -> AccessTokenClaims:
        """Return the claims of ``token`` as ``decode`` does, and raise the same errors. The token is not remembered.

        So a stranger who sends old tokens takes no room from those in use.
        """
        ...

    def max_length(self, claims: AccessTokenClaims) -> int:
        """Return the length in characters of a token with these claims, signed with the largest key there can be."""
        ...

    def jwk_set(self) -> Mapping[str, object]:
        """Return the installed public keys as a JWK Set (RFC 7517 §5), in the order of ``keys``."""
        ...
