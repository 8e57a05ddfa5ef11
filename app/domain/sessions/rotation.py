"""Rotation: exchanging a refresh token for its successor (RFC 9700 §4.14)."""

from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.client_repository import ClientRepository
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from ...ports.session_repository import SessionRepository
from ...ports.telemetry import Telemetry
from ...ports.user_repository import UserRepository
from ..audit.events import ForeignClientRefused, RaceLost, ReuseDetected, TokenRefreshed, TokenReplayed
from ..errors import InvalidClient, StoreUnavailable
from ..identifiers import ClientId
from ..rate_limits.local import LocalRateLimit
from ..scope import InvalidScope, Scope
from . import ratchet
from .errors import InvalidGrant
from .issued_tokens import IssuedTokens
from .issuing import Issuance, grant
from .policy import SessionPolicy
from .ratchet import RefreshToken, Verdict
from .revocation import Revocation
from .session import RevocationReason, Session, earlier, event_facts

_ATTEMPTS: Final = 3


class Rotation:
    """Judges a presented refresh token and acts on the verdict.

    Everything that can fail comes before the compare-and-swap, so a failed request uses up no token.
    """

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        users: UserRepository,
        clients: ClientRepository,
        issuance: Issuance,
        revocation: Revocation,
        refresh_limit: LocalRateLimit,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        telemetry: Telemetry,
        policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._clients = clients
        self._issuance = issuance
        self._revocation = revocation
        self._refresh_limit = refresh_limit
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._telemetry = telemetry
        self._policy = policy

    async def rotate(self, refresh_token: str, *, client_id: ClientId, requested: str | None = None) -> IssuedTokens:
        """Return the successor of ``refresh_token`` with a new access token, whose scope is ``requested`` or all of
        the session's (RFC 6749 §6).

        Raises ``InvalidGrant`` for a token that gives nothing, ``InvalidClient`` if the client is gone,
        ``InvalidScope`` for more scope than the session has, ``TooManyAttempts`` and ``StoreUnavailable``. After any of
        the last three the same token can be presented again.
        """
        try:
            return await self._rotate(ratchet.parse(refresh_token), client_id, requested)
        except (InvalidGrant, InvalidClient, InvalidScope) as refusal:
            self._telemetry.tokens_refused(refusal)
            raise

    async def _rotate(self, token: RefreshToken, client_id: ClientId, requested: str | None) -> IssuedTokens:
        for attempt in range(_ATTEMPTS):
            now = self._clock.now()
            session, verdict = await self._judge(token, client_id, now)
            if session is None or verdict in (Verdict.UNKNOWN, Verdict.DEAD_SESSION):
                raise InvalidGrant(reason=verdict.value)
            if attempt == 0 and verdict in (Verdict.ROTATE, Verdict.REPLAY):
                self._refresh_limit.take(session.session_id, now)
            match verdict:
                case Verdict.ROTATE:
                    granted = await self._advance(token, session, await self._scope(session, requested), now)
                    if granted is not None:
                        return granted
                case Verdict.REPLAY:
                    return self._replay(token, session, await self._scope(session, requested), now)
                case Verdict.FOREIGN_CLIENT:
                    self._audit.record(ForeignClientRefused(**event_facts(session, now), presented_by=client_id))
                    raise InvalidGrant(reason=verdict.value)
                case Verdict.REUSE:
                    await self._refuse_reuse(session, now, lost_a_race=attempt > 0)
        raise StoreUnavailable("Too many requests for one session at once; try again.")

    async def _judge(self, token: RefreshToken, client_id: ClientId, now: float) -> tuple[Session | None, Verdict]:
        session = await self._sessions.find(token.session_id)
        user = None if session is None else await self._users.find(session.subject)
        verdict = ratchet.classify(
            token,
            session,
            client_id=client_id,
            credential_version=None if user is None or user.disabled else user.credential_version,
            now=now,
            replay_window=self._policy.replay_window,
        )
        return session, verdict

    async def _scope(self, session: Session, requested: str | None) -> Scope:
        """Return the scope to grant, if the session's client is still there to be granted it."""
        if await self._clients.find(session.client_id) is None:
            raise InvalidClient
        return session.scope.narrowed_to(requested)

    async def _advance(self, token: RefreshToken, session: Session, scope: Scope, now: float) -> IssuedTokens | None:
        """Commit the successor and return it, or ``None`` if another request was first."""
        salt = self._randomness.token_bytes(ratchet.SALT_BYTES)
        successor = ratchet.successor(token, salt=salt, generation=session.generation + 1)
        idle_expires_at = self._policy.idle_deadline(now)
        ends_at = earlier(session.expires_at, idle_expires_at)
        access_token = self._issuance.access_token(session, scope=scope, ends_at=ends_at, now=now)
        if not await self._swap(session, ratchet.digest(successor.secret), salt, idle_expires_at, now):
            return None
        self._audit.record(TokenRefreshed(**event_facts(session, now), generation=session.generation + 1))
        return grant(access_token, successor, ends_at=ends_at, now=now)

    async def _swap(
        self, session: Session, new_digest: bytes, salt: bytes, idle_expires_at: float | None, now: float
    ) -> bool:
        """Tell whether this request made the compare-and-swap; raises ``StoreUnavailable`` if that stays unknown."""
        try:
            return await self._sessions.advance(
                session.session_id,
                expected_digest=session.secret_digest,
                new_digest=new_digest,
                salt=salt,
                now=now,
                idle_expires_at=idle_expires_at,
            )
        except StoreUnavailable:
            stored = await self._sessions.find(session.session_id)
            if stored is not None and stored.secret_digest == session.secret_digest:
                raise
            return stored is not None and stored.secret_digest == new_digest and stored.is_live(now)

    def _replay(self, token: RefreshToken, session: Session, scope: Scope, now: float) -> IssuedTokens:
        """Recompute the successor that the token's first presentation got."""
        assert session.salt is not None, "a replay is recognised by its salt"
        successor = ratchet.successor(token, salt=session.salt, generation=session.generation)
        access_token = self._issuance.access_token(session, scope=scope, ends_at=session.ends_at(), now=now)
        self._audit.record(TokenReplayed(**event_facts(session, now), generation=session.generation))
        return grant(access_token, successor, ends_at=session.ends_at(), now=now)

    async def _refuse_reuse(self, session: Session, now: float, *, lost_a_race: bool) -> None:
        """Revoke the session for theft, unless the token was current when this request first read it."""
        if lost_a_race:
            self._audit.record(RaceLost(**event_facts(session, now)))
            raise InvalidGrant(reason="lost_race")
        await self._revocation.revoke(session, RevocationReason.REUSE)
        self._audit.record(ReuseDetected(**event_facts(session, now)))
        raise InvalidGrant(reason="reuse")
