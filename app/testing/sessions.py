"""Sessions in a dictionary."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from ..domain.errors import AlreadyExists
from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.session import RevocationReason, Session
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import SessionRepository
from ..ports.session_sweeper import SessionSweeper


class FakeSessionRepository(SessionRepository, SessionSweeper):
    """A dictionary of sessions. No method awaits, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self.stored: dict[SessionId, Session] = {}

    async def add(self, session: Session) -> None:
        if session.session_id in self.stored:
            raise AlreadyExists
        self.stored[session.session_id] = session

    async def find(self, session_id: SessionId) -> Session | None:
        return self.stored.get(session_id)

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        salt: bytes,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        session = self.stored.get(session_id)
        if session is None or session.secret_digest != expected_digest or not session.is_live(now):
            return False
        self.stored[session_id] = replace(
            session,
            secret_digest=new_digest,
            generation=session.generation + 1,
            rotated_at=now,
            salt=salt,
            idle_expires_at=idle_expires_at,
        )
        return True

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = self.stored.get(session_id)
        if session is None or session.revoked_at is not None:
            return False
        self.stored[session_id] = replace(session, revoked_at=now, revoked_because=reason, salt=None)
        return True

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        session = self.stored.get(session_id)
        if session is None or session.credential_version != expected_version or not session.is_live(now):
            return False
        self.stored[session_id] = replace(session, credential_version=credential_version)
        return True

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        return sum([await self.revoke(session_id, reason=reason, now=now) for session_id in tuple(self.stored)])

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        live = [each for each in self.stored.values() if each.subject == subject and each.is_live(now)]
        return sorted(live, key=lambda session: session.created_at)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        revoked = [(each.session_id, each.revoked_at) for each in self.stored.values()]
        return [RevokedSession(session_id, at) for session_id, at in revoked if at is not None and at >= moment]

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        salted = (each for each in self.stored.values() if each.salt is not None and each.rotated_at < rotated_before)
        chosen = list(islice(salted, limit))
        for session in chosen:
            self.stored[session.session_id] = replace(session, salt=None)
        return len(chosen)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        """Check the first ``limit`` sessions; the ones that stay move to the end of the dictionary."""
        deleted = 0
        for session_id in list(islice(self.stored, limit)):
            session = self.stored.pop(session_id)
            revoked = session.revoked_at is not None and session.revoked_at < revoked_before
            if revoked or session.ends_at() < expired_before:
                deleted += 1
            else:
                self.stored[session_id] = session
        return deleted
