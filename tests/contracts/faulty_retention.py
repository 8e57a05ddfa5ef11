"""Session repositories whose lists or whose forgetting is wrong in one way each, to show that the kit notices."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from app.adapters.memory.sessions import MemorySessionRepository
from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.domain.tokens.revoked_session import RevokedSession


class Unordered(MemorySessionRepository):
    """Lists every session of a subject, the newest first."""

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        return [each for each in reversed(self._sessions.values()) if each.subject == subject]


class Exclusive(MemorySessionRepository):
    """Leaves out what was revoked at the very moment, and finds deleted sessions for ever."""

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        return [each for each in await super().list_revocations(moment) if each.revoked_at > moment]

    def _delete(self, session: Session) -> None:
        revoked_at = self._revoked.get(session.session_id)
        super()._delete(session)
        if revoked_at is not None:
            self._revoked[session.session_id] = revoked_at


class Positional(MemorySessionRepository):
    """Takes revocations to be known in the order of their times."""

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        latest_first = [RevokedSession(*each) for each in reversed(self._revoked.items())]
        return list(takewhile(lambda each: each.revoked_at >= moment, latest_first))


class Sparing(MemorySessionRepository):
    """Keeps the salts of revoked sessions for ever."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        before = self._sessions.get(session_id)
        won = await super().revoke(session_id, reason=reason, now=now)
        if before is not None and won:
            self._sessions[session_id] = replace(self._sessions[session_id], salt=before.salt)
        return won

    async def erase_salts(self, **which: Any) -> int:
        revoked = {key: session for key, session in self._sessions.items() if session.revoked_at is not None}
        erased = await super().erase_salts(**which)
        self._sessions.update(revoked)
        return erased


class Eager(MemorySessionRepository):
    """Erases and deletes without a limit, and what belongs to the boundary too."""

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self._sessions.values() if each.rotated_at <= rotated_before and each.salt is not None]
        self._sessions.update({each.session_id: replace(each, salt=None) for each in old})
        return len(old)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await super().delete_ended(
            expired_before=expired_before + 0.015625, revoked_before=revoked_before + 0.015625, limit=10**6
        )


class Forgetful(MemorySessionRepository):
    """Erases the salt of a session that rotated again, and deletes one whose first idle expiry is past."""

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self._sessions.values() if each.created_at < rotated_before and each.salt is not None]
        self._sessions.update({each.session_id: replace(each, salt=None) for each in old[:limit]})
        return len(old[:limit])

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        before = self._sessions.get(session_id)
        won = await super().advance(session_id, **swap)
        if before is not None and won:
            self._sessions[session_id] = replace(self._sessions[session_id], idle_expires_at=before.idle_expires_at)
        return won


class Stuck(MemorySessionRepository):
    """Looks at the same first sessions in every sweep."""

    async def delete_ended(self, **which: Any) -> int:
        first = list(self._sessions)
        deleted = await super().delete_ended(**which)
        self._patrol.clear()
        self._patrol.extend(each for each in first if each in self._sessions)
        return deleted
