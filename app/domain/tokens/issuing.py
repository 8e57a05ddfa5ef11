"""Issue access tokens (RFC 9068)."""

from dataclasses import dataclass, field
from math import inf

from ...ports.randomness import Randomness
from ...ports.token_codec import TokenCodec
from .. import base64url
from ..identifiers import ClientId, SessionId, Subject
from ..keys.lifecycle import KeyLifecycle
from ..scope import Scope
from .claims import AccessTokenClaims
from .policy import AccessTokenPolicy

_TOKEN_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccessToken:
    """A signed access token. ``expires_in`` is its lifetime in seconds."""

    text: str = field(repr=False)
    expires_in: int
    scope: Scope


class AccessTokenIssuer:
    """Signs access tokens with the active key."""

    def __init__(
        self, *, keys: KeyLifecycle, codec: TokenCodec, randomness: Randomness, policy: AccessTokenPolicy
    ) -> None:
        self._keys = keys
        self._codec = codec
        self._randomness = randomness
        self._policy = policy

    def issue(
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
        """Return a new access token (RFC 9068 §2.2) for ``audience``, or for this service if it is ``None``.

        The token expires after the configured lifetime, and not later than ``ends_at``. Raises ``ConfigurationError``
        if there is no active key.
        """
        issued_at = int(now)
        lifetime = int(max(0, min(self._policy.lifetime, ends_at - now)))
        claims = AccessTokenClaims(
            issuer=self._policy.issuer,
            subject=subject,
            audience=(self._policy.audience,) if audience is None else audience,
            client_id=client_id,
            issued_at=issued_at,
            expires_at=issued_at + lifetime,
            token_id=base64url.encode(self._randomness.token_bytes(_TOKEN_ID_BYTES)),
            scope=scope,
            session_id=session_id,
            auth_time=auth_time,
        )
        text = self._codec.encode(claims, kid=self._keys.signing_kid())
        return IssuedAccessToken(text=text, expires_in=lifetime, scope=scope)
