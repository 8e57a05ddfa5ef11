"""A subject's own sessions."""

from collections.abc import Sequence

from ...ports.clock import Clock
from ...ports.sessions import SessionRepository
from ..errors import SessionNotFound
from ..model.identifiers import SessionId, Subject
from ..model.session import RevocationReason, Session
from .revocation import Revocation


class Sessions:
    """Lists and ends the sessions of one subject; another's are as if they did not exist."""

    def __init__(self, *, sessions: SessionRepository, revocation: Revocation, clock: Clock) -> None:
        self._sessions = sessions
        self._revocation = revocation
        self._clock = clock

    async def of(self, subject: Subject) -> Sequence[Session]:
        """Return the live sessions of ``subject``, the oldest first."""
        return await self._sessions.live_sessions(subject, now=self._clock.now())

    async def end(self, subject: Subject, session_id: SessionId) -> None:
        """End one of the subject's live sessions; raises ``SessionNotFound`` if it is none of them."""
        session = await self._sessions.find(session_id)
        if session is None or session.subject != subject or not session.is_live(self._clock.now()):
            raise SessionNotFound
        await self._revocation.revoke(session, RevocationReason.ENDED_BY_USER)

    async def end_all(self, subject: Subject, *, current: SessionId) -> None:
        """End every session that ``subject`` has now, the ``current`` one last: while any of them may be left, whoever
        asked can ask again.
        """
        sessions = sorted(await self.of(subject), key=lambda each: each.session_id == current)
        for session in sessions:
            await self._revocation.revoke(session, RevocationReason.ENDED_BY_USER)
