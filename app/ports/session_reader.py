"""The read of a session together with its user."""

from typing import Protocol

from ..domain.identifiers import SessionId
from ..domain.sessions.session import Session


class SessionReader(Protocol):
    """Reads what the verdict on a token of a session depends on. It changes nothing."""

    async def read(self, session_id: SessionId) -> tuple[Session | None, int | None]:
        """Return the session as ``SessionRepository.find`` does, and the present credential version of its user.

        The version is ``None`` if the session is unknown, or if its user was deleted or is disabled. It is read at the
        same time as the session or later, so it is never older. Raises ``StoreUnavailable``.
        """
        ...
