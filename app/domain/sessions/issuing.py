"""Issuing tokens."""

import math

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from ...ports.session_repository import SessionRepository
from ...ports.token_codec import TokenCodec
from .. import base64url
from ..audit.events import LoginSucceeded
from ..identifiers import SESSION_ID_BYTES, ClientId, SessionId, Subject
from ..keys.lifecycle import KeyLifecycle
from ..requester import Requester
from ..scope import Scope
from ..tokens.claims import AccessTokenClaims
from ..tokens.issuing import IssuedAccessToken
from ..tokens.policy import AccessTokenPolicy
from . import ratchet
from .issued_tokens import IssuedTokens
from .policy import SessionPolicy
from .ratchet import RefreshToken
from .session import Session, event_facts

_TOKEN_ID_BYTES = 16


class Issuance:
    """Opens sessions, and signs the access tokens of those that are open."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        keys: KeyLifecycle,
        codec: TokenCodec,
        clock: Clock,
        randomness: Randomness,
        audit: AuditTrail,
        access_tokens: AccessTokenPolicy,
        session_policy: SessionPolicy,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._codec = codec
        self._clock = clock
        self._randomness = randomness
        self._audit = audit
        self._access_tokens = access_tokens
        self._session_policy = session_policy

    async def open_session(
        self,
        *,
        subject: Subject,
        scope: Scope,
        credential_version: int,
        client_id: ClientId,
        requester: Requester,
    ) -> IssuedTokens:
        """Return the first tokens of a new session of ``subject``."""
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
            expires_at=now + self._session_policy.lifetime,
            idle_expires_at=self._session_policy.idle_deadline(now),
            lineage_digest=ratchet.digest(token.lineage),
            secret_digest=ratchet.digest(token.secret),
            generation=0,
            rotated_at=now,
            address=requester.address,
            device=requester.device,
        )
        access_token = self.access_token(session, scope=session.scope, ends_at=session.ends_at(), now=now)
        await self._sessions.add(session)
        self._audit.record(LoginSucceeded(**event_facts(session, now), address=requester.address))
        return grant(access_token, token, ends_at=session.ends_at(), now=now)

    def access_token(self, session: Session, *, scope: Scope, ends_at: float, now: float) -> IssuedAccessToken:
        """Return a signed access token (RFC 9068 §2.2) of ``session``, which ends at ``ends_at``, and the token with
        it at the latest.
        """
        issued_at = int(now)
        lifetime = min(self._access_tokens.lifetime, _whole_seconds(ends_at - now))
        claims = AccessTokenClaims(
            issuer=self._access_tokens.issuer,
            subject=session.subject,
            audience=(self._access_tokens.audience,),
            client_id=session.client_id,
            issued_at=issued_at,
            expires_at=issued_at + lifetime,
            token_id=base64url.encode(self._randomness.token_bytes(_TOKEN_ID_BYTES)),
            scope=scope,
            session_id=session.session_id,
            auth_time=int(session.created_at),
        )
        text = self._codec.encode(claims, kid=self._keys.signing_kid())
        return IssuedAccessToken(text=text, expires_in=lifetime, scope=scope)


def grant(access_token: IssuedAccessToken, refresh_token: RefreshToken, *, ends_at: float, now: float) -> IssuedTokens:
    """Return the token response for a session that ends at ``ends_at``."""
    return IssuedTokens(
        access_token=access_token.text,
        expires_in=access_token.expires_in,
        refresh_token=ratchet.encode(refresh_token),
        refresh_token_expires_in=_whole_seconds(ends_at - now),
        scope=access_token.scope,
    )


def _whole_seconds(duration: float) -> int:
    return max(0, math.floor(duration))
