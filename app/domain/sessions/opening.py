"""Open a session."""

from collections.abc import Sequence

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from ...ports.session_repository import SessionRepository
from ..audit.events import LoginSucceeded
from ..identifiers import SESSION_ID_BYTES, ClientId, SessionId, Subject
from ..requester import Requester
from ..scope import Scope
from . import ratchet
from .issuing import IssuedTokens, SessionTokenIssuer
from .ratchet import RefreshToken
from .session import Session, SessionPolicy
from .session_limit import SessionLimit


class SessionOpening:
    """Opens sessions for users who have signed in."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        issuer: SessionTokenIssuer,
        session_limit: SessionLimit,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._issuer = issuer
        self._session_limit = session_limit
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._policy = policy

    async def open_session(
        self,
        *,
        subject: Subject,
        scope: Scope,
        credential_version: int,
        client_id: ClientId,
        requester: Requester,
        targets: Sequence[str] = (),
    ) -> IssuedTokens:
        """Store a new session of ``subject`` and return its first tokens. End older sessions if there are too many.

        The session and its tokens are only for the audiences ``targets`` (RFC 8707), or for all if there are none.

        Raises ``InvalidTarget``, ``StoreUnavailable``, ``SignerUnavailable``, and ``ConfigurationError`` if there is no
        active key.
        """
        audience = self._issuer.audience((), targets)
        now = self._clock.now()
        token = RefreshToken(
            SessionId(self._randomness.token_bytes(SESSION_ID_BYTES)),
            self._randomness.token_bytes(ratchet.LINEAGE_BYTES),
            self._randomness.token_bytes(ratchet.SECRET_BYTES),
        )
        session = Session(
            session_id=token.session_id,
            subject=subject,
            client_id=client_id,
            scope=scope,
            credential_version=credential_version,
            created_at=now,
            expires_at=now + self._policy.lifetime,
            idle_expires_at=self._policy.idle_deadline(now),
            lineage_digest=ratchet.digest(token.lineage),
            secret_digest=ratchet.digest(token.secret),
            generation=0,
            rotated_at=now,
            address=requester.address,
            device=requester.device,
            audience=audience if targets else (),
        )
        issued = await self._issuer.issue(session, token, scope=scope, audience=audience, now=now)
        await self._sessions.add(session)
        self._audit.record(
            LoginSucceeded(**session.event_facts(now), address=requester.address, audience=" ".join(audience))
        )
        await self._session_limit.enforce(subject, keep=session.session_id)
        return issued
