"""Issuing tokens."""

import math

from ...ports.audit import AuditTrail
from ...ports.clock import Clock
from ...ports.randomness import Randomness
from ...ports.sessions import SessionRepository
from ...ports.token_codec import TokenCodec
from ..model import base64url, ratchet
from ..model.claims import AccessTokenClaims
from ..model.events import LoginSucceeded, facts
from ..model.grant import IssuedAccessToken, TokenGrant
from ..model.identifiers import SESSION_ID_BYTES, ClientId, SessionId
from ..model.policy import AccessTokenPolicy, SessionPolicy
from ..model.ratchet import RefreshToken
from ..model.scope import Scope
from ..model.session import Origin, Session
from ..model.user import User
from .key_lifecycle import KeyLifecycle

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
        self, user: User, *, client_id: ClientId, requested: str | None, origin: Origin
    ) -> TokenGrant:
        """Return the first tokens of a new session of ``user``.

        Raises ``InvalidScope`` if more is requested than the user has; nothing is kept then.
        """
        now = self._clock.now()
        token = RefreshToken(
            SessionId(self._randomness.token_bytes(SESSION_ID_BYTES)),
            self._randomness.token_bytes(ratchet.LINEAGE_BYTES),
            self._randomness.token_bytes(ratchet.SECRET_BYTES),
        )
        session = Session(
            session_id=token.session_id,
            subject=user.subject,
            client_id=client_id,
            scope=user.scope.narrowed_to(requested),
            credential_version=user.credential_version,
            created_at=now,
            expires_at=now + self._session_policy.lifetime,
            idle_expires_at=self._session_policy.idle_deadline(now),
            lineage_digest=ratchet.digest(token.lineage),
            secret_digest=ratchet.digest(token.secret),
            generation=0,
            rotated_at=now,
            address=origin.address,
            device=origin.device,
        )
        access_token = self.access_token(session, scope=session.scope, ends_at=session.ends_at(), now=now)
        await self._sessions.add(session)
        self._audit.record(LoginSucceeded(**facts(session, now), address=origin.address))
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


def grant(access_token: IssuedAccessToken, refresh_token: RefreshToken, *, ends_at: float, now: float) -> TokenGrant:
    """Return the token response for a session that ends at ``ends_at``."""
    return TokenGrant(
        access_token=access_token.text,
        expires_in=access_token.expires_in,
        refresh_token=ratchet.encode(refresh_token),
        refresh_token_expires_in=_whole_seconds(ends_at - now),
        scope=access_token.scope,
    )


def _whole_seconds(duration: float) -> int:
    return max(0, math.floor(duration))
