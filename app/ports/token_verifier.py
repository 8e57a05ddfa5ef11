"""Reading access tokens."""

from typing import Protocol

from ..domain.tokens.claims import AccessTokenClaims


class TokenVerifier(Protocol):
    """Reads access tokens. It does no I/O."""

    def decode(self, token: str) -> AccessTokenClaims:
        """Return what ``token`` says, its form and signature verified; its times, issuer and audience are not judged.

        Raises ``MalformedToken`` for whatever does not have the form of an access token of this service, and
        ``BadSignature`` for a signature that does not verify or an unknown ``kid``; never anything else.
        """
        ...
