"""The sessions of one subject."""

from collections.abc import Sequence
from typing import Final

from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..identifiers import SessionId, Subject
from .errors import SessionNotFound
from .revocation import Revocation
from .session import RevocationReason, Session

_BY_USER: Final = RevocationReason.ENDED_BY_USER


class SubjectSessions:
    """Lists and ends the sessions of one subject. Sessions of other subjects count as not found."""

    def __init__(
        self, *, sessions: SessionRepository, users: UserRepository, revocation: Revocation, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._revocation = revocation
        self._clock = clock

    async def list_sessions(self, subject: Subject) -> Sequence[Session]:
        """Return the live sessions of ``subject``, the oldest first, without those of an older credential version."""
        live = await self._sessions.list_live_sessions(subject, now=self._clock.now())
        user = await self._users.find(subject) if live else None
        return [each for each in live if user is not None and each.credential_version == user.credential_version]

    async def end(self, subject: Subject, session_id: SessionId, *, reason: RevocationReason = _BY_USER) -> None:
        """Revoke one live session of ``subject``; raises ``SessionNotFound`` if ``subject`` has no such session."""
        session = await self._sessions.find(session_id)
        if session is None or session.subject != subject or not session.is_live(self._clock.now()):
            raise SessionNotFound
        await self._revocation.revoke(session, reason)

    async def end_all(self, subject: Subject, *, current: SessionId) -> None:
        """Revoke all live sessions of ``subject``, the ``current`` one last.

        If this fails midway, the current session still works, and the user can repeat the request.
        """
        live = await self._sessions.list_live_sessions(subject, now=self._clock.now())
        for session in sorted(live, key=lambda each: each.session_id == current):
            await self._revocation.revoke(session, RevocationReason.ENDED_BY_USER)
