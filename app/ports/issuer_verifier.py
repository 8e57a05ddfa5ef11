"""Reading what an issuer signs."""

from collections.abc import Collection
from typing import Protocol

from ..domain.tokens.feed import Feed
from .token_verifier import TokenVerifier


class IssuerVerifier(TokenVerifier, Protocol):
    """Verifies with those keys of a JWK Set that are trusted. It does no I/O."""

    def set_keys(self, jwk_set: bytes) -> Collection[str]:
        """Hold the keys of a JWK Set in place of those that were held, and return their ``kid``; which of them are
        trusted is said next. Raises ``IssuerFault`` for what is no JWK Set or has no usable key, and holds what it
        held.
        """
        ...

    def trust(self, kids: Collection[str]) -> None:
        """Verify with the held keys of these names and no others from now on."""
        ...

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        """Return a revocation feed, its form and signature verified, and the ``kid`` of the key that signed it.

        Raises ``MalformedToken`` and ``BadSignature``. One of 100,000 sessions takes some 100 ms.
        """
        ...
