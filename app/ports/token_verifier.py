"""The verifier of access tokens."""

from typing import Protocol

from ..domain.tokens.claims import AccessTokenClaims


class TokenVerifier(Protocol):
    """Parses access tokens and verifies their signatures. It does no I/O."""

    def decode(self, token: str) -> AccessTokenClaims:
        """Return the claims of ``token`` if its form and its signature are valid.

        The caller checks times, issuer and audience. Raises ``MalformedToken`` for a text that does not have the form
        of an access token, ``BadSignature`` for a wrong signature, ``UnknownSigner`` for an unknown ``kid``,
        ``KeysUnknown`` if the keys of an issuer were not fetched yet, and no other error.
        """
        ...
