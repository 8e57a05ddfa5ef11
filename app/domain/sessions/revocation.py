"""Revocation: end sessions before they expire (RFC 7009)."""

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
from .lookup import SessionLookup
from .session import RevocationReason, Session

_OVERLAP_SECONDS: Final = 60


class Revocation:
    """Ends sessions. Every instance then refuses their refresh tokens. An instance refuses their access tokens when its
    revocation list has the session: this instance at once, every other one, and this one after ``revoke_all``, after
    the next ``sync_revocations``.
    """

    def __init__(
        self,
        *,
        sessions: SessionRepository,
        lookup: SessionLookup,
        revoked: RevocationList,
        clock: Clock,
        audit: AuditTrail,
        policy: AccessTokenPolicy,
    ) -> None:
        self._sessions = sessions
        self._lookup = lookup
        self._revoked = revoked
        self._clock = clock
        self._audit = audit
        self._policy = policy

    async def sync_revocations(self, since: float | None = None) -> float:
        """Copy the revocations from ``since`` on (seconds since the epoch) from the store into the revocation list.

        Without ``since``, copy all that matter to access tokens still alive. Return the ``since`` of the next call: it
        reads the last minute again, because clocks differ and commits become visible out of order. Raises
        ``StoreUnavailable``.
        """
        now = self._clock.now()
        if since is None:
            since = now - self._policy.memory_of_revocations()
        revoked = await self._sessions.list_revocations(since)
        for each in sorted(revoked, key=attrgetter("revoked_at")):
            self._revoked.add(each)
        self._revoked.mark_synced(until=now)
        return now - _OVERLAP_SECONDS

    async def revoke(self, session: Session, reason: RevocationReason) -> None:
        """Revoke ``session``. When this returns, no refresh of it succeeds any more.

        Raises ``StoreUnavailable`` if that is not certain; the same call can be repeated.
        """
        now = self._clock.now()
        is_new = await self._revoke(session.session_id, reason, now)
        self._revoked.add(RevokedSession(session.session_id, now))
        if is_new:
            self._audit.record(SessionWasRevoked(**session.event_facts(now), reason=reason))

    async def revoke_by_id(self, session_id: SessionId, reason: RevocationReason) -> None:
        """Revoke the session with this id, if there is one; raises as ``revoke``."""
        session = await self._sessions.find(session_id)
        if session is not None:
            await self.revoke(session, reason)

    async def revoke_by_subject(
        self, subject: Subject, reason: RevocationReason, *, keep: SessionId | None = None
    ) -> None:
        """Revoke all live sessions of ``subject`` except ``keep``; raises as ``revoke``."""
        for session in await self._sessions.list_live_sessions(subject, now=self._clock.now()):
            if session.session_id != keep:
                await self.revoke(session, reason)

    async def revoke_all(self, reason: RevocationReason) -> int:
        """Revoke every session of every user; return the number. Raises ``StoreUnavailable``; the same call can be
        repeated.
        """
        now = self._clock.now()
        revoked = await self._sessions.revoke_all(reason=reason, now=now)
        self._audit.record(AllSessionsRevoked(at=now, reason=reason, sessions=revoked))
        return revoked

    async def log_out_with_refresh_token(self, refresh_token: str, *, client_id: ClientId) -> None:
        """Log out of the session of a refresh token of any generation (RFC 7009 §2.1).

        A malformed or unknown token, or a token of another client, changes nothing and is no error (RFC 7009 §2.2).
        """
        session = await self._lookup.find_by_refresh_token(refresh_token)
        if session is not None:
            await self.log_out(session, client_id=client_id)

    async def log_out_with_access_token(self, claims: AccessTokenClaims, *, client_id: ClientId) -> None:
        """Log out of the session of an access token that this service issued, whether it is still valid or not.

        A token without a session, or of another client, changes nothing.
        """
        session = None if claims.session_id is None else await self._sessions.find(claims.session_id)
        if session is not None:
            await self.log_out(session, client_id=client_id)

    async def log_out(self, session: Session, *, client_id: ClientId) -> None:
        """Revoke ``session`` if it belongs to ``client_id`` and has not expired; raises as ``revoke``.

        A revoked session is revoked again: the client may not have received the response to its first request. A
        session that has just expired is revoked too, because the leeway still accepts its access tokens.
        """
        if session.client_id == client_id and self._clock.now() < session.ends_at() + self._policy.leeway:
            await self.revoke(session, RevocationReason.LOGOUT)

    async def _revoke(self, session_id: SessionId, reason: RevocationReason, now: float) -> bool:
        """Return whether this call revoked the session. If the store does not answer, read it to find out."""
        try:
            return await self._sessions.revoke(session_id, reason=reason, now=now)
        except StoreUnavailable:
            stored = await self._sessions.find(session_id)
            if stored is None or stored.revoked_at is None:
                raise
            return (stored.revoked_at, stored.revoked_because) == (now, reason)
