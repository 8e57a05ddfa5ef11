"""Revocation: end sessions before they expire (RFC 7009)."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

from ...ports.audit_trail import AuditTrail
from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ..audit.events import AllSessionsRevoked, SessionWasRevoked
from ..errors import StoreUnavailable, Unavailable
from ..identifiers import ClientId, SessionId, Subject
from ..tokens.claims import AccessTokenClaims
from ..tokens.policy import AccessTokenPolicy
from ..tokens.revocation_list import RevocationList
from ..tokens.revoked_session import RevokedSession
from .lookup import SessionLookup
from .revocation_pages import pages_of_revocations
from .session import RevocationReason, Session
from .unanswered import UnansweredRevocations

_OVERLAP_SECONDS: Final = 60
"""Commits become visible out of order."""


class Revocation:
    """Ends sessions. Every instance then refuses their refresh tokens. This instance refuses their access tokens at
    once, every other one after its next ``sync_revocations``.
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
        self._unanswered = UnansweredRevocations(sessions=sessions, audit=audit)

    async def sync_revocations(self, since: float | None = None) -> float:
        """Copy the cut-off, and the revocations from ``since`` on (seconds since the epoch), from the store into the
        revocation list.

        Without ``since``, copy all that matter to access tokens still alive. They come in pages, between which the
        event loop serves requests; a call that fails has copied some. Return the ``since`` of the next call: it reads
        the last minute again, because commits become visible out of order, and twice the leeway, because the clock of
        each instance may differ from the store's by the leeway. Raises ``StoreUnavailable``.
        """
        return await self._sync(self._clock.now(), since)

    async def reload_revocations(self, now: float) -> float:
        """Copy the cut-off and all revocations that matter to access tokens alive at ``now`` (seconds since the epoch),
        and return what ``sync_revocations`` returns. Raises ``StoreUnavailable``.
        """
        return await self._sync(now, None)

    async def _sync(self, now: float, since: float | None) -> float:
        if since is None:
            since = now - self._policy.memory_of_revocations()
        async with aclosing(pages_of_revocations(self._sessions, since)) as pages:
            async for revoked in pages:
                self._revoked.add_each(revoked)
                await self._unanswered.record_committed(revoked)
        # Read the cut-off second: the list leaves out what a cut-off ended that was set a moment ago.
        cut_off = await self._sessions.find_cut_off()
        if cut_off is not None:
            self._revoked.revoke_until(cut_off)
        self._revoked.mark_synced(until=now)
        return now - _OVERLAP_SECONDS - 2 * self._policy.leeway

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
        now = self._clock.now()
        try:
            revoked = await self._sessions.revoke_subject(subject, reason=reason, now=now, keep=keep)
        except StoreUnavailable:
            self._unanswered.add(now)
            raise
        self._revoked_several(revoked, reason, now)

    async def revoke_excess(self, subject: Subject, *, limit: int, keep: SessionId | None) -> int:
        """Revoke sessions of ``subject`` until at most ``limit`` are live, but never ``keep``; raises as ``revoke``.

        The ones that were not refreshed for the longest time end first. Return how many this call revoked, which may
        be fewer than all.
        """
        now, reason = self._clock.now(), RevocationReason.TOO_MANY_SESSIONS
        try:
            revoked = await self._sessions.revoke_excess(subject, limit=limit, keep=keep, reason=reason, now=now)
        except StoreUnavailable:
            self._unanswered.add(now)
            raise
        self._revoked_several(revoked, reason, now)
        return len(revoked)

    async def revoke_all(self, reason: RevocationReason) -> int:
        """Revoke every session of every user that began until now, and return the cut-off, in whole seconds.

        A session that begins in the rest of this second ends too. Raises ``StoreUnavailable``; the same call can be
        repeated.
        """
        now = self._clock.now()
        cut_off = int(now)
        await self._sessions.set_cut_off(cut_off)
        self._revoked.revoke_until(cut_off)
        self._audit.record(AllSessionsRevoked(at=now, reason=reason, cut_off=cut_off))
        return cut_off

    def check_cut_off(self) -> None:
        """Raise ``Unavailable`` while a session that begins now would be over at once, by the cut-off that this
        instance knows: in the second of the cut-off, or longer if the clock of the machine that set it is ahead.
        """
        now, cut_off = int(self._clock.now()), self._revoked.cut_off
        if cut_off is not None and now <= cut_off:
            raise Unavailable("All sessions were just ended; try again.", retry_after=cut_off + 1 - now)

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

    def _revoked_several(self, revoked: Sequence[Session], reason: RevocationReason, now: float) -> None:
        """Refuse the access tokens of all the sessions first, because recording the events takes longer."""
        self._revoked.add_each(RevokedSession(session.session_id, now) for session in revoked)
        for session in revoked:
            self._audit.record(SessionWasRevoked(**session.event_facts(now), reason=reason))

    async def _revoke(self, session_id: SessionId, reason: RevocationReason, now: float) -> bool:
        """Return whether this call revoked the session. If the store does not answer, read it to find out."""
        try:
            return await self._sessions.revoke(session_id, reason=reason, now=now)
        except StoreUnavailable:
            self._unanswered.add(now)
            stored = await self._sessions.find(session_id)
            if stored is None or stored.revoked_at is None:
                raise
            self._unanswered.remove(now)
            return (stored.revoked_at, stored.revoked_because) == (now, reason)
