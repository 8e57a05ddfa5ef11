"""The read of a session and of its user, one after the other."""

from ...ports.session_reader import SessionReader
from ...ports.session_repository import SessionRepository
from ...ports.user_repository import UserRepository
from ..identifiers import SessionId
from .session import Session


class SeparateReads(SessionReader):
    """Reads the session and then its user: they may be in two stores."""

    def __init__(self, *, sessions: SessionRepository, users: UserRepository) -> None:
        self._sessions = sessions
        self._users = users

    async def read(self, session_id: SessionId) -> tuple[Session | None, int | None]:
        session = await self._sessions.find(session_id)
        user = None if session is None else await self._users.find(session.subject)
        return session, None if user is None or user.disabled else user.credential_version
