"""The verifier of an issuer's tokens and feeds."""

from collections.abc import Collection
from typing import Protocol

from ..domain.tokens.feed import Feed
from .token_verifier import TokenVerifier


class IssuerVerifier(TokenVerifier, Protocol):
    """Verifies with the trusted keys of a JWK Set. It does no I/O."""

    def set_keys(self, jwk_set: bytes) -> Collection[str]:
        """Replace the known keys with the keys of a JWK Set, and return their ``kid``. Then call ``trust``.

        Raises ``IssuerFault`` if ``jwk_set`` is no JWK Set or has no usable key; the known keys then do not change.
        """
        ...

    def trust(self, kids: Collection[str]) -> None:
        """Verify only with the known keys that have these ``kid`` from now on."""
        ...

    def decode_feed(self, text: str) -> tuple[Feed, str]:
        """Return a revocation feed with a valid form and signature, and the ``kid`` of the key that signed it.

        Raises ``MalformedToken``, ``BadSignature`` and ``UnknownSigner``. 100,000 sessions take about 100 ms.
        """
        ...
