"""The sessions of one subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ...ports.clock import Clock
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..identifiers import SessionId, Subject
from .errors import SessionNotFound
from .revocation import Revocation
from .session import RevocationReason, Session, SessionPosition

_BY_USER: Final = RevocationReason.ENDED_BY_USER


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A page of sessions, the oldest first. The next page is after ``next``, which is ``None`` on the last page."""

    sessions: Sequence[Session]
    next: SessionPosition | None


class SubjectSessions:
    """Lists and ends the sessions of one subject. Sessions of other subjects count as not found."""

    def __init__(
        self, *, sessions: SessionRepository, users: UserRepository, revocation: Revocation, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._revocation = revocation
        self._clock = clock

    async def list_sessions(self, subject: Subject, *, limit: int, after: SessionPosition | None = None) -> SessionPage:
        """Return at most ``limit`` live sessions of ``subject`` after the position ``after``.

        One session more is read, which shows whether there is a next page. Sessions of an older credential version are
        left out, so a page may be short although it has a next one.
        """
        now = self._clock.now()
        read = await self._sessions.list_live_sessions(subject, now=now, limit=limit + 1, after=after)
        live = read[:limit]
        user = await self._users.find(subject) if live else None
        version = None if user is None else user.credential_version
        next_position = live[-1].position() if len(read) > limit else None
        return SessionPage([each for each in live if each.credential_version == version], next_position)

    async def end(self, subject: Subject, session_id: SessionId, *, reason: RevocationReason = _BY_USER) -> None:
        """Revoke one live session of ``subject``; raises ``SessionNotFound`` if ``subject`` has no such session."""
        session = await self._sessions.find(session_id)
        if session is None or session.subject != subject or not session.is_live(self._clock.now()):
            raise SessionNotFound
        await self._revocation.revoke(session, reason)

    async def end_all_of(self, subject: Subject, *, reason: RevocationReason) -> None:
        """Revoke all live sessions of ``subject``, for somebody else."""
        await self._revocation.revoke_by_subject(subject, reason)

    async def end_all(self, subject: Subject, *, current: SessionId) -> None:
        """Revoke all live sessions of ``subject``, the ``current`` one last.

        If this fails midway, the current session still works, and the user can repeat the request.
        """
        await self._revocation.revoke_by_subject(subject, _BY_USER, keep=current)
        await self._revocation.revoke_by_id(current, _BY_USER)
