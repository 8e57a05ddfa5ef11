"""Look up the session of a refresh token, and classify the token."""

from ...ports.session_reader import SessionReader
from ...ports.session_repository import SessionRepository
from ..identifiers import ClientId, SessionId
from . import ratchet
from .errors import InvalidGrant
from .ratchet import RefreshToken, Verdict
from .session import Session, SessionPolicy


class SessionLookup:
    """Reads sessions from the store, and changes nothing. Every method raises ``StoreUnavailable``."""

    def __init__(self, *, sessions: SessionRepository, reader: SessionReader, policy: SessionPolicy) -> None:
        self._sessions = sessions
        self._reader = reader
        self._policy = policy

    async def find(self, session_id: SessionId) -> tuple[Session | None, int | None]:
        """Return the stored session and the current credential version of its user.

        The session is ``None`` if the store has none. The version is ``None`` if the user may not sign in any more.
        """
        return await self._reader.read(session_id)

    async def classify(self, token: RefreshToken, *, client_id: ClientId, now: float) -> tuple[Session | None, Verdict]:
        """Return the stored session of ``token``, and the verdict on the token, which ``client_id`` presents."""
        session, credential_version = await self.find(token.session_id)
        verdict = ratchet.classify(
            token,
            session,
            client_id=client_id,
            credential_version=credential_version,
            now=now,
            policy=self._policy,
        )
        return session, verdict

    async def find_by_refresh_token(self, text: str) -> Session | None:
        """Return the session in which the refresh token was issued, whatever the token's generation.

        Return ``None`` for a malformed token, an unknown session or a wrong lineage.
        """
        try:
            token = ratchet.parse(text)
        except InvalidGrant:
            return None
        session = await self._sessions.find(token.session_id)
        return session if session is not None and ratchet.is_of_lineage(token, session) else None
