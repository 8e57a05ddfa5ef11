"""Session repositories with one fault each in a list or in a sweep."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.sessions import FakeSessionRepository


class ListsEverySession(FakeSessionRepository):
    """``list_live_sessions`` returns every session of the subject, the newest first."""

    async def list_live_sessions(self, subject: Subject, *, now: float) -> Sequence[Session]:
        return [each for each in reversed(self.stored.values()) if each.subject == subject]


class RevocationsExcludeTheMoment(FakeSessionRepository):
    """``list_revocations`` leaves out the moment itself, and lists deleted sessions forever."""

    def __init__(self) -> None:
        super().__init__()
        self._revoked: dict[SessionId, float] = {}

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        won = await super().revoke(session_id, reason=reason, now=now)
        if won:
            self._revoked[session_id] = now
        return won

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        return [RevokedSession(*each) for each in self._revoked.items() if each[1] > moment]


class RevocationsAssumeOrder(RevocationsExcludeTheMoment):
    """``list_revocations`` assumes that sessions are revoked in the order of the given times."""

    async def list_revocations(self, moment: float) -> Sequence[RevokedSession]:
        latest_first = [RevokedSession(*each) for each in reversed(self._revoked.items())]
        return list(takewhile(lambda each: each.revoked_at >= moment, latest_first))


class KeepsSaltsOfRevoked(FakeSessionRepository):
    """The salt of a revoked session is never erased."""

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        before = self.stored.get(session_id)
        won = await super().revoke(session_id, reason=reason, now=now)
        if before is not None and won:
            self.stored[session_id] = replace(self.stored[session_id], salt=before.salt)
        return won

    async def erase_salts(self, **which: Any) -> int:
        revoked = {key: session for key, session in self.stored.items() if session.revoked_at is not None}
        erased = await super().erase_salts(**which)
        self.stored.update(revoked)
        return erased


class SweepsTooMuch(FakeSessionRepository):
    """The sweeps ignore the limit, and include the moment itself."""

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self.stored.values() if each.rotated_at <= rotated_before and each.salt is not None]
        self.stored.update({each.session_id: replace(each, salt=None) for each in old})
        return len(old)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await super().delete_ended(
            expired_before=expired_before + 0.015625, revoked_before=revoked_before + 0.015625, limit=10**6
        )


class SweepsByFirstTimes(FakeSessionRepository):
    """``erase_salts`` uses the time of creation, and ``delete_ended`` the first idle expiry."""

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self.stored.values() if each.created_at < rotated_before and each.salt is not None]
        self.stored.update({each.session_id: replace(each, salt=None) for each in old[:limit]})
        return len(old[:limit])

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        before = self.stored.get(session_id)
        won = await super().advance(session_id, **swap)
        if before is not None and won:
            self.stored[session_id] = replace(self.stored[session_id], idle_expires_at=before.idle_expires_at)
        return won


class SweepsFirstSessionsOnly(FakeSessionRepository):
    """``delete_ended`` checks the same first sessions in every call."""

    async def delete_ended(self, **which: Any) -> int:
        order = list(self.stored)
        deleted = await super().delete_ended(**which)
        self.stored = {each: self.stored[each] for each in order if each in self.stored}
        return deleted
