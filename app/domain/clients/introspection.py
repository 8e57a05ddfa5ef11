"""Introspection (RFC 7662). It changes nothing, and presenting a token here is no reuse."""

from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..rate_limits.local import LocalRateLimit
from ..sessions import ratchet
from ..sessions.errors import InvalidGrant
from ..sessions.policy import SessionPolicy
from ..sessions.ratchet import Verdict
from ..sessions.session import Session
from ..tokens.claims import AccessTokenClaims
from ..tokens.errors import InvalidToken
from ..tokens.validation import Validation
from .client import Client, GrantType
from .errors import UnauthorizedClient

Introspected = AccessTokenClaims | Session


class Introspection:
    """Tells clients what tokens are worth: those issued to them, and the access tokens for an audience they are."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        users: UserRepository,
        validation: Validation,
        introspection_limit: LocalRateLimit,
        clock: Clock,
        policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._validation = validation
        self._introspection_limit = introspection_limit
        self._clock = clock
        self._policy = policy

    async def introspect(self, token: str, *, client: Client) -> Introspected | None:
        """Return the claims of an access token, or the session of a refresh token that a refresh would accept;
        ``None`` for a token that is not active, or is none of the client's business (RFC 7662 §4).

        Raises ``UnauthorizedClient`` for a public client, ``TooManyAttempts`` and ``StoreUnavailable``. The form of a
        token tells its kind: a hint could add nothing (RFC 7662 §2.1).
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
        concerned = claims.client_id == client.client_id or any(each in client.introspects for each in claims.audience)
        return claims if concerned else None

    async def _refresh_token(self, text: str, client: Client) -> Session | None:
        try:
            token = ratchet.parse(text)
        except InvalidGrant:
            return None
        session = await self._sessions.find(token.session_id)
        user = None if session is None else await self._users.find(session.subject)
        verdict = ratchet.classify(
            token,
            session,
            client_id=client.client_id,
            credential_version=None if user is None or user.disabled else user.credential_version,
            now=self._clock.now(),
            replay_window=self._policy.replay_window,
        )
        is_active = verdict in (Verdict.ROTATE, Verdict.REPLAY) and GrantType.REFRESH_TOKEN in client.grants
        return session if is_active else None
