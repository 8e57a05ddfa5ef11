"""Issue access tokens (RFC 9068)."""

from dataclasses import dataclass, field
from math import inf
from typing import Final

from ...ports.randomness import Randomness
from ...ports.token_codec import TokenCodec
from .. import base64url
from ..identifiers import ClientId, SessionId, Subject
from ..scope import MAX_LENGTH as MAX_SCOPE_LENGTH
from ..scope import Scope
from .claims import AccessTokenClaims
from .errors import UnfitToken
from .policy import MAX_TOKEN_LENGTH, AccessTokenPolicy
from .signing import TokenSigning

TOKEN_ID_BYTES: Final = 16
"""Random bytes of the ``jti``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccessToken:
    """A signed access token. ``expires_in`` is its lifetime in seconds."""

    text: str = field(repr=False)
    expires_in: int
    scope: Scope


class AccessTokenIssuer:
    """Issues access tokens, signed with the active key."""

    def __init__(
        self, *, signing: TokenSigning, codec: TokenCodec, randomness: Randomness, policy: AccessTokenPolicy
    ) -> None:
        self._signing = signing
        self._codec = codec
        self._randomness = randomness
        self._policy = policy

    async def issue(
        self,
        *,
        subject: Subject,
        client_id: ClientId,
        scope: Scope,
        now: float,
        audience: tuple[str, ...] | None = None,
        session_id: SessionId | None = None,
        auth_time: int | None = None,
        ends_at: float = inf,
    ) -> IssuedAccessToken:
        """Return a new access token (RFC 9068 §2.2) for ``audience``; if it is ``None``, for all that a
        session may have.

        The token expires after the configured lifetime, and not later than ``ends_at``. Raises
        ``SignerUnavailable``, also if there is no active key, and ``UnfitToken`` if the token would be refused.
        """
        issued_at = int(now)
        lifetime = int(max(0, min(self._policy.lifetime, ends_at - now)))
        claims = AccessTokenClaims(
            issuer=self._policy.issuer,
            subject=subject,
            audience=self._policy.audiences if audience is None else audience,
            client_id=client_id,
            issued_at=issued_at,
            expires_at=issued_at + lifetime,
            token_id=base64url.encode(self._randomness.token_bytes(TOKEN_ID_BYTES)),
            scope=scope,
            session_id=session_id,
            auth_time=auth_time,
        )
        text = await self._signing.sign(lambda kid: self._codec.signing_input(claims, kid=kid))
        _check_fitness(claims, text)
        return IssuedAccessToken(text=text, expires_in=lifetime, scope=scope)


def _check_fitness(claims: AccessTokenClaims, text: str) -> None:
    """Raise ``UnfitToken`` if verifiers, or the servers before them, would refuse the token.

    Settings and registrations are judged before. This is for those that an older version stored.
    """
    fault = None
    if len(text) > MAX_TOKEN_LENGTH:
        fault = (
            f"has {len(text):,} characters, and a header takes {MAX_TOKEN_LENGTH:,}; give it fewer or shorter audiences"
        )
    elif len(claims.scope.text) > MAX_SCOPE_LENGTH:
        fault = f"has a scope of more than {MAX_SCOPE_LENGTH:,} characters; give it less scope"
    elif not claims.audience:
        fault = "has no audience; give it one"
    if fault is not None:
        raise UnfitToken(f"An access token of the client {claims.client_id} {fault}.")
