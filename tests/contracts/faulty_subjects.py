"""Session repositories with one fault each in an act on the sessions of a subject."""

from collections.abc import Sequence
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.ports.session_repository import CrowdedSubjects
from app.testing.sessions import FakeSessionRepository


class RevokesKeep(FakeSessionRepository):
    """The session that should be kept is revoked like the others."""

    async def revoke_subject(self, subject: Subject, **how: Any) -> Sequence[Session]:
        return await super().revoke_subject(subject, **(how | {"keep": None}))

    async def revoke_excess(self, subject: Subject, **how: Any) -> Sequence[Session]:
        return await super().revoke_excess(subject, **(how | {"keep": None}))


class RevokesExpired(FakeSessionRepository):
    """``revoke_subject`` revokes sessions that have expired, too, and ``revoke_excess`` counts them."""

    def _live_sessions(self, subject: Subject, now: float) -> list[Session]:
        mine = [each for each in self.stored.values() if each.subject == subject and each.revoked_at is None]
        return sorted(mine, key=Session.position)


class RevokesLastSecond(FakeSessionRepository):
    """A session in its last second counts as live."""

    def _live_sessions(self, subject: Subject, now: float) -> list[Session]:
        return super()._live_sessions(subject, now - 1)


class RevokesFirstPage(FakeSessionRepository):
    """The acts see only the first 100 live sessions."""

    def _live_sessions(self, subject: Subject, now: float) -> list[Session]:
        return super()._live_sessions(subject, now)[:100]


class ReturnsEverySession(FakeSessionRepository):
    """``revoke_subject`` returns each session of the subject, also those that it did not revoke."""

    async def revoke_subject(self, subject: Subject, **how: Any) -> Sequence[Session]:
        await super().revoke_subject(subject, **how)
        return [each for each in self.stored.values() if each.subject == subject]


class ReturnsThemAsTheyWere(FakeSessionRepository):
    """The acts return the sessions as they were before they were revoked."""

    async def _revoke_each(self, sessions: Any, reason: RevocationReason, now: float) -> Sequence[Session]:
        before = list(sessions)
        await super()._revoke_each(before, reason, now)
        return before


class RevokesOldestSignIn(FakeSessionRepository):
    """``revoke_excess`` revokes the sessions that began first, although they may be in use."""

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        live = self._live_sessions(subject, now)
        chosen = [each for each in live if each.session_id != keep][: max(0, len(live) - limit)]
        return await self._revoke_each(chosen, reason, now)


class KeepsOneMore(FakeSessionRepository):
    """``revoke_excess`` takes ``keep`` for one more than the limit, also where there is none."""

    async def revoke_excess(self, subject: Subject, *, limit: int, **how: Any) -> Sequence[Session]:
        return await super().revoke_excess(subject, limit=limit + 1, **how)


class KeepsOneFewer(FakeSessionRepository):
    """``revoke_excess`` makes room for one more session."""

    async def revoke_excess(self, subject: Subject, *, limit: int, **how: Any) -> Sequence[Session]:
        return await super().revoke_excess(subject, limit=limit - 1, **how)


class CountsAbsentKeep(FakeSessionRepository):
    """``revoke_excess`` counts ``keep`` as one of the limit, although it may be another subject's or unknown."""

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, **how: Any
    ) -> Sequence[Session]:
        there = keep is None or (keep in self.stored and self.stored[keep].subject == subject)
        return await super().revoke_excess(subject, limit=limit if there else limit - 1, keep=keep, **how)


class ListsFirstCrowdedSubjects(FakeSessionRepository):
    """``list_crowded_subjects`` returns the first two subjects, and no second page."""

    async def list_crowded_subjects(self, **which: Any) -> CrowdedSubjects:
        page = await super().list_crowded_subjects(**which)
        return CrowdedSubjects(page.subjects[:2], None)


class ListsCrowdedSubjectsForever(FakeSessionRepository):
    """``list_crowded_subjects`` gives every page a next one."""

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:
        page = await super().list_crowded_subjects(more_than=more_than, after=after)
        return CrowdedSubjects(page.subjects, f"{after}+"[-2:])
