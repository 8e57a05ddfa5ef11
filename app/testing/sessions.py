"""Sessions in a dictionary."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from ..domain.errors import AlreadyExists
from ..domain.identifiers import SessionId, Subject
from ..domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecrets
from ..domain.sessions.session import RevocationReason, Session, SessionPosition
from ..domain.tokens.revoked_session import RevokedSession
from ..ports.session_repository import CrowdedSubjects, RevocationPage, SessionRepository
from ..ports.session_sweeper import SessionSweeper

_MAX_REVOKED: Final = 1_000
_PAGE: Final = 2


class FakeSessionRepository(SessionRepository, SessionSweeper):
    """A dictionary of sessions. No method awaits, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self.stored: dict[SessionId, Session] = {}
        self.cut_off: int | None = None

    async def add(self, session: Session) -> None:
        if session.session_id in self.stored:
            raise AlreadyExists
        self.stored[session.session_id] = session

    async def find(self, session_id: SessionId) -> Session | None:
        return self._find(session_id)

    async def advance(
        self,
        session_id: SessionId,
        *,
        expected_digest: bytes,
        new_digest: bytes,
        replaced: ReplacedSecrets,
        now: float,
        idle_expires_at: float | None,
    ) -> bool:
        session = self._find(session_id)
        return session is not None and self._store(
            session.advanced(
                expected_digest=expected_digest,
                new_digest=new_digest,
                replaced=replaced,
                now=now,
                idle_expires_at=idle_expires_at,
            )
        )

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = self._find(session_id)
        return session is not None and self._store(session.revoked(reason=reason, now=now))

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        session = self._find(session_id)
        return session is not None and self._store(
            session.with_credential_version(
                expected_version=expected_version, credential_version=credential_version, now=now
            )
        )

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        chosen = [each for each in self._live_sessions(subject, now) if each.session_id != keep]
        return await self._revoke_each(reversed(chosen), reason, now)

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        live = sorted(self._live_sessions(subject, now), key=lambda each: each.rotated_at)
        chosen = [each for each in live if each.session_id != keep][: max(0, len(live) - limit)]
        return await self._revoke_each(chosen[:_MAX_REVOKED], reason, now)

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:  # noqa: ARG002  # one page
        numbers = Counter(each.subject for each in self.stored.values())
        return CrowdedSubjects([subject for subject, number in numbers.items() if number > more_than], None)

    async def set_cut_off(self, cut_off: int) -> None:
        self.cut_off = max(cut_off, self.cut_off or cut_off)

    async def find_cut_off(self) -> int | None:
        return self.cut_off

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        live = self._live_sessions(subject, now)
        return [each for each in live if after is None or each.position() > after][:limit]

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        """Return pages of two: a short test has several."""
        revoked = sorted(
            (each.revoked_at, each.session_id)
            for each in self.stored.values()
            if each.revoked_at is not None and each.revoked_at >= moment and not each.began_by(self.cut_off)
        )
        following = [each for each in revoked if _position(*each) > after]
        page, is_last = following[:_PAGE], len(following) <= _PAGE
        return RevocationPage(
            [RevokedSession(session_id, at) for at, session_id in page], None if is_last else _position(*page[-1])
        )

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        old = (each for each in self.stored.values() if each.replaced and each.rotated_at < rotated_before)
        chosen = list(islice(old, limit))
        for session in chosen:
            self._store(replace(session, replaced=NOTHING_REPLACED))
        return len(chosen)

    async def revoke_cut_off(self, *, limit: int) -> int:
        ended = (each for each in self.stored.values() if each.began_by(self.cut_off) and each.revoked_at is None)
        chosen = list(islice(ended, limit))
        for session in chosen:
            self._store(session.ended_by(self.cut_off))
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

    def _find(self, session_id: SessionId) -> Session | None:
        session = self.stored.get(session_id)
        return None if session is None else session.ended_by(self.cut_off)

    def _store(self, session: Session | None) -> bool:
        if session is not None:
            self.stored[session.session_id] = session
        return session is not None

    def _live_sessions(self, subject: Subject, now: float) -> list[Session]:
        sessions = (each.ended_by(self.cut_off) for each in self.stored.values() if each.subject == subject)
        return sorted((each for each in sessions if each.is_live(now)), key=Session.position)

    async def _revoke_each(
        self, sessions: Iterable[Session], reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        return [
            self.stored[each.session_id]
            for each in sessions
            if await self.revoke(each.session_id, reason=reason, now=now)
        ]


def _position(revoked_at: float, session_id: SessionId) -> str:
    """Return a text that is ordered by time and then by id."""
    return f"{revoked_at:024.6f} {session_id.hex()}"
