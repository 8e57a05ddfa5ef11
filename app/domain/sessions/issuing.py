"""Issue the tokens of a session."""

from dataclasses import dataclass, field

from ..identifiers import SessionId
from ..scope import Scope
from ..tokens.issuing import AccessTokenIssuer
from . import ratchet
from .ratchet import RefreshToken
from .session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """The tokens of a token response (RFC 6749 §5.1). Lifetimes are seconds from now."""

    session_id: SessionId
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_token_expires_in: int
    scope: Scope


class SessionTokenIssuer:
    """Issues the access token of a session, and puts it together with the session's refresh token."""

    def __init__(self, *, access_tokens: AccessTokenIssuer) -> None:
        self._access_tokens = access_tokens

    async def issue(self, session: Session, refresh_token: RefreshToken, *, scope: Scope, now: float) -> IssuedTokens:
        """Return ``refresh_token`` and a new access token with ``scope``, which does not outlive ``session``.

        Raises ``ConfigurationError`` if there is no active key, and ``SignerUnavailable``.
        """
        ends_at = session.ends_at()
        access_token = await self._access_tokens.issue(
            subject=session.subject,
            client_id=session.client_id,
            scope=scope,
            now=now,
            session_id=session.session_id,
            auth_time=session.auth_time(),
            ends_at=ends_at,
        )
        return IssuedTokens(
            session_id=session.session_id,
            access_token=access_token.text,
            expires_in=access_token.expires_in,
            refresh_token=ratchet.encode(refresh_token),
            refresh_token_expires_in=int(max(0, ends_at - now)),
            scope=scope,
        )
