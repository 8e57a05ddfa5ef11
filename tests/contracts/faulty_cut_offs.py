"""Session repositories with one fault each in the cut-off."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import Session
from app.domain.tokens.revoked_session import RevokedSession
from app.ports.session_repository import RevocationPage
from app.testing.sessions import FakeSessionRepository


def forgetting(*methods: str) -> type[FakeSessionRepository]:
    """Return a repository class whose ``methods`` take no notice of the cut-off."""

    def without_cut_off(method: str) -> Any:
        async def act(self: FakeSessionRepository, *args: Any, **keywords: Any) -> Any:
            cut_off, self.cut_off = self.cut_off, None
            try:
                return await getattr(FakeSessionRepository, method)(self, *args, **keywords)
            finally:
                self.cut_off = cut_off

        return act

    overridden = {method: without_cut_off(method) for method in methods}
    return type("_".join(("forgetting", *methods)), (FakeSessionRepository,), overridden)


class MovesBack(FakeSessionRepository):
    """The last cut-off counts, also if it is earlier than the stored one."""

    async def set_cut_off(self, cut_off: int) -> None:
        self.cut_off = cut_off


class NeverMoves(FakeSessionRepository):
    """The first cut-off stays."""

    async def set_cut_off(self, cut_off: int) -> None:
        self.cut_off = cut_off if self.cut_off is None else self.cut_off


class IsZeroAtFirst(FakeSessionRepository):
    """Without a cut-off, ``find_cut_off`` returns 0."""

    async def find_cut_off(self) -> int | None:
        return self.cut_off or 0


class IsANumberWithAPoint(FakeSessionRepository):
    """``find_cut_off`` returns a floating-point number."""

    async def find_cut_off(self) -> Any:
        return None if self.cut_off is None else float(self.cut_off)


class _EndsOthers(FakeSessionRepository):
    """The base of repositories that end other sessions than the cut-off says."""

    def _ends(self, session: Session, cut_off: int) -> bool:
        raise NotImplementedError

    async def find(self, session_id: SessionId) -> Session | None:
        session = self.stored.get(session_id)
        if session is None or self.cut_off is None or not self._ends(session, self.cut_off):
            return session
        return session.ended_by(max(self.cut_off, session.auth_time()))


class EndsByExactTime(_EndsOthers):
    """A session that began later in the second of the cut-off lives on."""

    def _ends(self, session: Session, cut_off: int) -> bool:
        return session.created_at <= cut_off


class EndsBeforeTheSecond(_EndsOthers):
    """A session that began in the second of the cut-off lives on."""

    def _ends(self, session: Session, cut_off: int) -> bool:
        return session.created_at < cut_off


class EndsTheNextSecond(_EndsOthers):
    """A session that began when the second after the cut-off began is over."""

    def _ends(self, session: Session, cut_off: int) -> bool:
        return session.created_at <= cut_off + 1


class EndsStoredSessionsOnly(FakeSessionRepository):
    """The cut-off ends the sessions that are stored when it is set, and none that is added afterwards."""

    async def add(self, session: Session) -> None:
        await super().add(session)
        if self.cut_off is not None and session.began_by(self.cut_off):
            self.stored[session.session_id] = replace(session, created_at=self.cut_off + 1.0)


class ReplacesRevocations(FakeSessionRepository):
    """The cut-off replaces reason and time of sessions that were revoked before."""

    async def find(self, session_id: SessionId) -> Session | None:
        session = self.stored.get(session_id)
        if session is None or self.cut_off is None:
            return session
        return replace(session, revoked_at=None, revoked_because=None).ended_by(self.cut_off)


class KeepsReplacedSecrets(FakeSessionRepository):
    """A session that the cut-off ended is found with its replaced secrets."""

    async def find(self, session_id: SessionId) -> Session | None:
        session = await super().find(session_id)
        return session and replace(session, replaced=self.stored[session_id].replaced)


class ListsEndedAsRevoked(FakeSessionRepository):
    """``list_revocations`` has every session that the cut-off ended, which may be a million."""

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        ended = [
            RevokedSession(each.session_id, moment) for each in self.stored.values() if each.began_by(self.cut_off)
        ]
        page = await super().list_revocations(moment, after=after)
        return page._replace(revoked=[*page.revoked, *ended])


class TakesPlacesOnPages(FakeSessionRepository):
    """Sessions that the cut-off ended take places on a page of live sessions."""

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: Any = None
    ) -> Sequence[Session]:
        mine = sorted((each for each in self.stored.values() if each.subject == subject), key=Session.position)
        page = [each for each in mine if after is None or each.position() > after][:limit]
        return [each for each in page if each.ended_by(self.cut_off).is_live(now)]


class SweepsLaterSessions(FakeSessionRepository):
    """``revoke_cut_off`` ignores the limit, and revokes every session."""

    async def revoke_cut_off(self, *, limit: int) -> int:
        if self.cut_off is None:
            return 0
        chosen = [each for each in self.stored.values() if each.revoked_at is None]
        for session in chosen:
            self._store(session.ended_by(max(self.cut_off, session.auth_time())))
        return len(chosen)


class SweepsOnce(FakeSessionRepository):
    """``revoke_cut_off`` revokes the sessions of the first cut-off, and no others later."""

    def __init__(self) -> None:
        super().__init__()
        self._swept = False

    async def revoke_cut_off(self, *, limit: int) -> int:
        if self._swept:
            return 0
        revoked = await super().revoke_cut_off(limit=limit)
        self._swept = self.cut_off is not None and revoked < limit
        return revoked


class SweepWritesNothing(FakeSessionRepository):
    """``revoke_cut_off`` counts the sessions, and does not write that they are revoked."""

    def __init__(self) -> None:
        super().__init__()
        self._counted: set[SessionId] = set()

    async def revoke_cut_off(self, *, limit: int) -> int:
        ended = {key for key, each in self.stored.items() if each.began_by(self.cut_off) and each.revoked_at is None}
        new = list(ended - self._counted)[:limit]
        self._counted.update(new)
        return len(new)
