"""Introspection (RFC 7662). It changes nothing. Presenting a replaced refresh token here revokes nothing."""

from ...ports.clock import Clock
from ..rate_limits.rate_limit import LocalRateLimit
from ..sessions import ratchet
from ..sessions.errors import InvalidGrant
from ..sessions.lookup import SessionLookup
from ..sessions.ratchet import Verdict
from ..sessions.session import Session
from ..tokens.claims import AccessTokenClaims
from ..tokens.errors import InvalidToken
from ..tokens.validation import Validation
from .client import Client, GrantType
from .errors import UnauthorizedClient

Introspected = AccessTokenClaims | Session


class Introspection:
    """Shows a client whether a token is active.

    A client may introspect the tokens that were issued to it, and the access tokens for its audiences ``introspects``.
    """

    def __init__(
        self,
        *,
        lookup: SessionLookup,
        validation: Validation,
        introspection_limit: LocalRateLimit,
        clock: Clock,
    ) -> None:
        self._lookup = lookup
        self._validation = validation
        self._introspection_limit = introspection_limit
        self._clock = clock

    async def introspect(self, token: str, *, client: Client) -> Introspected | None:
        """Return the claims of an active access token, or the session of a refresh token that a refresh would accept.

        Return ``None`` for a token that is not active, or that the client may not introspect (RFC 7662 §4). Raises
        ``UnauthorizedClient`` for a public client, ``TooManyAttempts`` and ``StoreUnavailable``. The prefix of a token
        shows its type, so no hint is needed (RFC 7662 §2.1).
        """
        if client.is_public:
            raise UnauthorizedClient
        self._introspection_limit.take(client.client_id, self._clock.now())
        if token.startswith(ratchet.PREFIX):
            return await self._refresh_token(token, client)
        return self._access_token(token, client)

    def _access_token(self, token: str, client: Client) -> AccessTokenClaims | None:
        try:
            claims = self._validation.validate_for_any_audience(token)
        except InvalidToken:
            return None
        is_allowed = claims.client_id == client.client_id or any(each in client.introspects for each in claims.audience)
        return claims if is_allowed else None

    async def _refresh_token(self, text: str, client: Client) -> Session | None:
        try:
            token = ratchet.parse(text)
        except InvalidGrant:
            return None
        session, verdict = await self._lookup.classify(token, client_id=client.client_id, now=self._clock.now())
        is_active = verdict in (Verdict.ROTATE, Verdict.REPLAY) and GrantType.REFRESH_TOKEN in client.grants
        return session if is_active else None
