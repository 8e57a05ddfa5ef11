"""Session repositories with one fault each in a list."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import LAST_SECOND, RevocationReason, Session, SessionPosition
from app.domain.tokens.revoked_session import RevokedSession
from app.ports.session_repository import RevocationPage
from app.testing.sessions import FakeSessionRepository


class ListsEverySession(FakeSessionRepository):
    """``list_live_sessions`` returns every session of the subject, the newest first."""

    async def list_live_sessions(self, subject: Subject, **page: Any) -> Sequence[Session]:
        return [each for each in reversed(self.stored.values()) if each.subject == subject]


class ListsTheLastSecond(FakeSessionRepository):
    """``list_live_sessions`` takes the last second of a session for a part of its life."""

    async def list_live_sessions(self, subject: Subject, *, now: float, **page: Any) -> Sequence[Session]:
        return await super().list_live_sessions(subject, now=now - LAST_SECOND, **page)


class ComparesSubjectsWithoutCase(FakeSessionRepository):
    """``list_live_sessions`` compares subjects as some databases compare text: without case and outer space."""

    async def list_live_sessions(self, subject: Subject, **page: Any) -> Sequence[Session]:
        listed: list[Session] = []
        for each in {each.subject for each in self.stored.values()} | {subject}:
            if each.strip().lower() == subject.strip().lower():
                listed += await super().list_live_sessions(each, **page)
        return sorted(listed, key=Session.position)


class PagesByTimeAlone(FakeSessionRepository):
    """A page starts after the time of the position, so sessions of the same time are lost. Those are in no order."""

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        mine = [each for each in self.stored.values() if each.subject == subject and each.is_live(now)]
        later = [each for each in mine if after is None or each.created_at > after.created_at]
        return sorted(later, key=lambda each: each.created_at)[:limit]


class PagesFromTheTimeOn(FakeSessionRepository):
    """A page starts with the session of the position."""

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        live = self._live_sessions(subject, now)
        return [each for each in live if after is None or each.position() >= after][:limit]


class PagesAfterASession(FakeSessionRepository):
    """A page starts after the session of the position; where that is gone, at the beginning."""

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        live = self._live_sessions(subject, now)
        places = [number for number, each in enumerate(live, start=1) if each.position() == after]
        return live[sum(places) :][:limit]


class PagesBeforeFiltering(FakeSessionRepository):
    """A page has the next sessions, without those of them that have ended."""

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        mine = sorted((each for each in self.stored.values() if each.subject == subject), key=Session.position)
        page = [each for each in mine if after is None or each.position() > after][:limit]
        return [each for each in page if each.is_live(now)]


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

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        return RevocationPage([RevokedSession(*each) for each in self._revoked.items() if each[1] > moment], None)


class RevocationsAssumeOrder(RevocationsExcludeTheMoment):
    """``list_revocations`` assumes that sessions are revoked in the order of the given times."""

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        latest_first = [RevokedSession(*each) for each in reversed(self._revoked.items())]
        return RevocationPage(list(takewhile(lambda each: each.revoked_at >= moment, latest_first)), None)


class RevocationPagesGoOnByTime(FakeSessionRepository):
    """A page of ``list_revocations`` begins after the time of the one before, so it leaves out some of that time."""

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        place = after and after.partition(" ")[0] + "!"
        return await super().list_revocations(moment, after=place)


class ListsOnePage(FakeSessionRepository):
    """``list_live_sessions`` returns 100 sessions at most, whatever the limit is."""

    async def list_live_sessions(self, subject: Subject, *, limit: int, **page: Any) -> Sequence[Session]:
        return await super().list_live_sessions(subject, limit=min(limit, 100), **page)


class ListsOnePageOfRevocations(FakeSessionRepository):
    """``list_revocations`` has the first 100, and no next page."""

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        revoked: list[RevokedSession] = []
        cursor: str | None = ""
        while cursor is not None and len(revoked) < 100:
            page = await super().list_revocations(moment, after=cursor)
            revoked += page.revoked
            cursor = page.next
        return RevocationPage(revoked, None)


class CutsLongSubjects(FakeSessionRepository):
    """The index of subjects has the first 200 characters."""

    async def list_live_sessions(self, subject: Subject, **page: Any) -> Sequence[Session]:
        listed: list[Session] = []
        for each in {each.subject for each in self.stored.values()}:
            if each[:200] == subject[:200]:
                listed += await super().list_live_sessions(each, **page)
        return sorted(listed, key=Session.position)
