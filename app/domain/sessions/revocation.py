"""Revocation: ending sessions before their time (RFC 7009)."""

from operator import attrgetter
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ..audit.events import AllSessionsRevoked, SessionWasRevoked
from ..errors import StoreUnavailable
from ..identifiers import ClientId, SessionId, Subject
from ..tokens.claims import AccessTokenClaims
from ..tokens.policy import AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from ..tokens.revoked_session import RevokedSession
from . import ratchet
from .errors import InvalidGrant
from .session import RevocationReason, Session, event_facts

_LEARNT_AGAIN: Final = 60
"""Seconds."""


class Revocation:
    """Ends sessions: their refresh tokens at once, and their access tokens with them on this instance."""

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        revoked: RevocationList,
        clock: Clock,
        audit: AuditTrail,
        policy: AccessTokenPolicy,
    ) -> None:
        self._sessions = sessions
        self._revoked = revoked
        self._clock = clock
        self._audit = audit
        self._policy = policy

    async def sync_revocations(self, since: float | None = None) -> float:
        """Learn the revocations from ``since`` on (seconds since the epoch), or all that access tokens still alive may
        need; return from when the next call should learn: a minute is learnt again, because clocks differ and commits
        become visible out of order.
        """
        now = self._clock.now()
        if since is None:
            since = now - self._policy.memory_of_revocations()
        revoked = await self._sessions.list_revocations(since)
        for revocation in sorted(revoked, key=attrgetter("revoked_at")):
            self._revoked.add(revocation)
        self._revoked.mark_synced(until=now)
        return now - _LEARNT_AGAIN

    async def revoke(self, session: Session, reason: RevocationReason) -> None:
        """End ``session``; when this returns, no refresh of it succeeds any more.

        Raises ``StoreUnavailable`` if that is not certain; the same call can be made again.
        """
        now = self._clock.now()
        revoked_by_this = await self._revoke(session.session_id, reason, now)
        self._revoked.add(RevokedSession(session.session_id, now))
        if revoked_by_this:
            self._audit.record(SessionWasRevoked(**event_facts(session, now), reason=reason))

    async def end(self, session_id: SessionId, reason: RevocationReason) -> None:
        """End the session of this id, if there is one; raises as ``revoke``."""
        session = await self._sessions.find(session_id)
        if session is not None:
            await self.revoke(session, reason)

    async def revoke_subject(
        self, subject: Subject, reason: RevocationReason, *, keep: SessionId | None = None
    ) -> None:
        """End the sessions of ``subject``, all but ``keep``; raises as ``revoke``."""
        for session in await self._sessions.list_live_sessions(subject, now=self._clock.now()):
            if session.session_id != keep:
                await self.revoke(session, reason)

    async def revoke_all(self, reason: RevocationReason) -> int:
        """End every session; return how many. Raises ``StoreUnavailable``; the same call can be made again."""
        now = self._clock.now()
        revoked = await self._sessions.revoke_all(reason=reason, now=now)
        self._audit.record(AllSessionsRevoked(at=now, reason=reason, sessions=revoked))
        return revoked

    async def _revoke(self, session_id: SessionId, reason: RevocationReason, now: float) -> bool:
        """Tell whether this request revoked the session, also where the store's answer to that got lost."""
        try:
            return await self._sessions.revoke(session_id, reason=reason, now=now)
        except StoreUnavailable:
            stored = await self._sessions.find(session_id)
            if stored is None or stored.revoked_at is None:
                raise
            return (stored.revoked_at, stored.revoked_because) == (now, reason)

    async def log_out_with_refresh_token(self, refresh_token: str, *, client_id: ClientId) -> None:
        """End the session of a refresh token of whatever generation (RFC 7009 §2.1).

        A malformed, unknown or dead token, or another client's, changes nothing and is no error (RFC 7009 §2.2).
        """
        try:
            token = ratchet.parse(refresh_token)
        except InvalidGrant:
            return
        session = await self._sessions.find(token.session_id)
        if session is not None and ratchet.is_of_lineage(token, session):
            await self._log_out(session, client_id)

    async def log_out_with_access_token(self, claims: AccessTokenClaims, *, client_id: ClientId) -> None:
        """End the session of a valid access token; one of no session, or of another client, changes nothing."""
        session = None if claims.session_id is None else await self._sessions.find(claims.session_id)
        if session is not None:
            await self._log_out(session, client_id)

    async def _log_out(self, session: Session, client_id: ClientId) -> None:
        """A session that is revoked already may be so by a request whose answer got lost: it is revoked again. One that
        has just expired has access tokens that the leeway still lets pass.
        """
        if session.client_id == client_id and self._clock.now() < session.ends_at() + self._policy.leeway:
            await self.revoke(session, RevocationReason.LOGOUT)
