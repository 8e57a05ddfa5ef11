"""Issue the tokens of a session."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..audience import chosen
from ..identifiers import SessionId
from ..scope import Scope
from ..tokens.issuing import AccessTokenIssuer
from ..tokens.policy import AccessTokenPolicy
from . import ratchet
from .errors import InvalidGrant
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

    def __init__(self, *, access_tokens: AccessTokenIssuer, policy: AccessTokenPolicy) -> None:
        self._access_tokens = access_tokens
        self._audiences = policy.audiences

    def audience(self, granted: tuple[str, ...], targets: Sequence[str]) -> tuple[str, ...]:
        """Return the audience of an access token: those of ``targets``, or all that the session may have if there are
        none (RFC 8707 §2.2). ``granted`` is the ``audience`` of the session.

        Raises ``InvalidTarget``, and ``InvalidGrant`` if the service has none of the session's audiences any more.
        """
        available = tuple(each for each in granted if each in self._audiences) if granted else self._audiences
        if not available:
            raise InvalidGrant(reason="no_audience")
        return chosen(targets, among=available)

    async def issue(
        self, session: Session, refresh_token: RefreshToken, *, scope: Scope, audience: tuple[str, ...], now: float
    ) -> IssuedTokens:
        """Return ``refresh_token`` and a new access token with ``scope`` for ``audience``, which does not outlive
        ``session``.

        Raises ``ConfigurationError`` if there is no active key, and ``SignerUnavailable``.
        """
        ends_at = session.ends_at()
        access_token = await self._access_tokens.issue(
            subject=session.subject,
            client_id=session.client_id,
            scope=scope,
            now=now,
            audience=audience,
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
