"""Reading the access tokens of this service at sign-out, also those that are not valid any more."""

from collections.abc import Callable

from ...ports.token_codec import TokenCodec
from .claims import AccessTokenClaims
from .errors import MalformedToken, UnknownSigner, WrongIssuer
from .policy import MAX_TOKEN_LIFETIME, AccessTokenPolicy


class IssuedTokenReader:
    """Reads any access token that this service issued, expired or for another audience (RFC 7009 §2.1).

    It shows that a token was really issued, not that it is valid. So it is for sign-out alone: a person who comes back
    late can still end the session. A token whose key is not published any more is refused. ``unknown_signer`` is called
    when no key has a token's ``kid``. It does no I/O.
    """

    def __init__(
        self,
        *,
        codec: TokenCodec,
        policy: AccessTokenPolicy,
        unknown_signer: Callable[[], object] = lambda: None,
    ) -> None:
        self._codec = codec
        self._policy = policy
        self._unknown_signer = unknown_signer

    def read(self, token: str) -> AccessTokenClaims:
        """Return the claims of a token that this service issued; raises an ``InvalidToken`` for any other."""
        try:
            claims = self._codec.decode_once(token)
        except UnknownSigner:
            self._unknown_signer()
            raise
        if claims.issuer != self._policy.issuer:
            raise WrongIssuer
        if not 0 <= claims.expires_at - claims.issued_at <= MAX_TOKEN_LIFETIME:
            raise MalformedToken
        return claims
