"""Sessions in memory."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heappop, heappush

from ...domain.errors import AlreadyExists
from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.session import RevocationReason, Session
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import SessionRepository
from ...ports.session_sweeper import SessionSweeper


class MemorySessionRepository(SessionRepository, SessionSweeper):
    """Keeps sessions in one dictionary. No method awaits anything, so each is atomic on the event loop. Use it from one
    thread only.

    ``delete_ended`` checks the sessions in turn: its queue has one entry for each session. ``erase_salts`` checks the
    rotations in the order of their times: its queue has the rotations within the lifetime of a salt.
    """

    def __init__(self) -> None:
        self._sessions: dict[SessionId, Session] = {}
        self._by_subject = _SubjectIndex()
        self._revoked: dict[SessionId, float] = {}
        self._to_sweep: deque[SessionId] = deque()
        self._rotations: list[tuple[float, SessionId]] = []

    async def add(self, session: Session) -> None:
        if session.session_id in self._sessions:
            raise AlreadyExists
        self._sessions[session.session_id] = session
        self._to_sweep.append(session.session_id)
        self._by_subject.add(session.subject, session.session_id)

    async def find(self, session_id: SessionId) -> Session | None:
        return self._sessions.get(session_id)

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
        session = self._sessions.get(session_id)
        if session is None or session.secret_digest != expected_digest or not session.is_live(now):
            return False
        self._sessions[session_id] = replace(
            session,
            secret_digest=new_digest,
            generation=session.generation + 1,
            rotated_at=now,
            salt=salt,
            idle_expires_at=idle_expires_at,
        )
        heappush(self._rotations, (now, session_id))
        return True

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = self._sessions.get(session_id)
        if session is None or session.revoked_at is not None:
            return False
        self._sessions[session_id] = replace(session, revoked_at=now, revoked_because=reason, salt=None)
        self._revoked[session_id] = now
        return True

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        session = self._sessions.get(session_id)
        if session is None or session.credential_version != expected_version or not session.is_live(now):
            return False
        self._sessions[session_id] = replace(session, credential_version=credential_version)
        return True

    async def revoke_all(self, *, reason: RevocationReason, now: float) -> int:
        return sum([await self.revoke(session_id, reason=reason, now=now) for session_id in tuple(self._sessions)])

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        sessions = (self._sessions[session_id] for session_id in self._by_subject.sessions(subject))
        return sorted((each for each in sessions if each.is_live(now)), key=lambda each: each.created_at)

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        return [RevokedSession(session_id, at) for session_id, at in self._revoked.items() if at >= moment]

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        erased = 0
        while erased < limit and self._rotations and self._rotations[0][0] < rotated_before:
            rotated_at, session_id = heappop(self._rotations)
            session = self._sessions.get(session_id)
            if session is not None and session.rotated_at == rotated_at and session.salt is not None:
                self._sessions[session_id] = replace(session, salt=None)
                erased += 1
        return erased

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        deleted = 0
        for _ in range(min(limit, len(self._to_sweep))):
            session_id = self._to_sweep.popleft()
            session = self._sessions[session_id]
            revoked = session.revoked_at is not None and session.revoked_at < revoked_before
            if revoked or session.ends_at() < expired_before:
                self._delete(session)
                deleted += 1
            else:
                self._to_sweep.append(session_id)
        return deleted

    def _delete(self, session: Session) -> None:
        del self._sessions[session.session_id]
        self._revoked.pop(session.session_id, None)
        self._by_subject.remove(session.subject, session.session_id)


class _SubjectIndex:
    """Maps a subject to the id of its only session, or to a dictionary of several ids. Most subjects have one session,
    and a dictionary takes 240 bytes.
    """

    def __init__(self) -> None:
        self._sessions: dict[Subject, SessionId | dict[SessionId, None]] = {}

    def add(self, subject: Subject, session_id: SessionId) -> None:
        """Add a session that is not in the index."""
        ids = self._sessions.get(subject)
        if ids is None:
            self._sessions[subject] = session_id
        elif isinstance(ids, dict):
            ids[session_id] = None
        else:
            self._sessions[subject] = {ids: None, session_id: None}

    def sessions(self, subject: Subject) -> Iterable[SessionId]:
        """Return the ids of the subject's sessions."""
        ids = self._sessions.get(subject, {})
        return ids if isinstance(ids, dict) else (ids,)

    def remove(self, subject: Subject, session_id: SessionId) -> None:
        """Remove a session that is in the index."""
        ids = self._sessions[subject]
        if isinstance(ids, dict):
            del ids[session_id]
        if ids in (session_id, {}):
            del self._sessions[subject]
