"""The longest access token that can be issued to a client."""

from typing import Final

from ...ports.token_codec import TokenCodec
from .. import base64url
from ..identifiers import SESSION_ID_BYTES, ClientId, SessionId, Subject
from ..scope import Scope
from .claims import AccessTokenClaims
from .issuing import TOKEN_ID_BYTES
from .policy import MAX_TOKEN_LENGTH, AccessTokenPolicy

_SUBJECT_LENGTH: Final = 22
"""Characters of a user's ``sub``."""

_LAST_SECOND: Final = 9_999_999_999
"""A time with as many digits as any until the year 2286."""


class LongestToken:
    """Judges whether all access tokens of a client fit into a header, with any signing key that the service accepts."""

    def __init__(self, *, codec: TokenCodec, policy: AccessTokenPolicy) -> None:
        self._codec = codec
        self._policy = policy

    def surplus(self, *, client_id: ClientId, scope: Scope, audience: tuple[str, ...] = ()) -> int:
        """Return how many bytes the longest token must lose to fit into a header; 0 if it fits.

        It has all of ``scope``, a session, and the longest subject that the client's tokens can have. It is for
        ``audience``, or for all that a session may have if that is empty. Four characters of base64url are three bytes.
        """
        claims = AccessTokenClaims(
            issuer=self._policy.issuer,
            subject=Subject(client_id.ljust(_SUBJECT_LENGTH, "x")),
            audience=audience or self._policy.audiences,
            client_id=client_id,
            issued_at=_LAST_SECOND,
            expires_at=_LAST_SECOND,
            token_id=base64url.encode(bytes(TOKEN_ID_BYTES)),
            scope=scope,
            session_id=SessionId(bytes(SESSION_ID_BYTES)),
            auth_time=_LAST_SECOND,
        )
        characters = self._codec.max_length(claims) - MAX_TOKEN_LENGTH
        return characters * 3 // 4 + 1 if characters > 0 else 0
