"""A subject's own sessions."""

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


class Sessions:
    """Lists and ends the sessions of one subject; another's are as if they did not exist."""

    def __init__(
        self, *, sessions: SessionRepository, users: UserRepository, revocation: Revocation, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._users = users
        self._revocation = revocation
        self._clock = clock

    async def of(self, subject: Subject) -> Sequence[Session]:
        """Return the sessions of ``subject`` that can go on, the oldest first: one of an older credential version
        cannot.
        """
        live = await self._sessions.list_live_sessions(subject, now=self._clock.now())
        user = await self._users.find(subject) if live else None
        return [each for each in live if user is not None and each.credential_version == user.credential_version]

    async def end(self, subject: Subject, session_id: SessionId, *, reason: RevocationReason = _BY_USER) -> None:
        """End one of the subject's live sessions; raises ``SessionNotFound`` if it is none of them."""
        session = await self._sessions.find(session_id)
        if session is None or session.subject != subject or not session.is_live(self._clock.now()):
            raise SessionNotFound
        await self._revocation.revoke(session, reason)

    async def end_all(self, subject: Subject, *, current: SessionId) -> None:
        """End every session that ``subject`` has now, the ``current`` one last: while any of them may be left, whoever
        asked can ask again.
        """
        live = await self._sessions.list_live_sessions(subject, now=self._clock.now())
        for session in sorted(live, key=lambda each: each.session_id == current):
            await self._revocation.revoke(session, RevocationReason.ENDED_BY_USER)
