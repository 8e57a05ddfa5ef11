"""Sessions in memory."""

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Final

from ...domain.errors import AlreadyExists
from ...domain.identifiers import SessionId, Subject
from ...domain.sessions.replaced import ReplacedSecrets
from ...domain.sessions.session import RevocationReason, Session, SessionPosition
from ...domain.tokens.revocation_order import RevocationOrder, RevocationPosition
from ...domain.tokens.revoked_session import RevokedSession
from ...ports.session_repository import CrowdedSubjects, RevocationPage, SessionRepository
from ...ports.session_sweeper import SessionSweeper
from .packed_sessions import ends_at, pack, revoked_at, rotated_at, unpack, without_replaced
from .subject_index import SubjectIndex

_MAX_REVOKED: Final = 1_000


class MemorySessionRepository(SessionRepository, SessionSweeper):
    """Keeps sessions in one dictionary, packed into bytes. No method awaits anything, so each is atomic on the event
    loop. Use it from one thread only.

    ``delete_ended`` checks the sessions in turn: its queue has one entry for each session. The queue of
    ``erase_replaced`` has one entry for each session with replaced secrets; its time is never after the last rotation.
    ``revoke_cut_off`` has a queue of the sessions that it has not checked. The revocations that are listed are those of
    sessions that the cut-off has not ended.
    """

    def __init__(self) -> None:
        self._sessions: dict[SessionId, bytes] = {}
        self._by_subject = SubjectIndex()
        self._revoked = RevocationOrder()
        self._to_sweep: deque[SessionId] = deque()
        self._rotations: list[tuple[float, SessionId]] = []
        self._cut_off: int | None = None
        self._to_cut_off: deque[SessionId] = deque()

    async def add(self, session: Session) -> None:
        if session.session_id in self._sessions:
            raise AlreadyExists
        self._sessions[session.session_id] = pack(session)
        self._to_sweep.append(session.session_id)
        if session.began_by(self._cut_off):
            self._to_cut_off.append(session.session_id)
        self._by_subject.add(session.subject, session.session_id)

    async def find(self, session_id: SessionId) -> Session | None:
        record = self._sessions.get(session_id)
        return None if record is None else unpack(session_id, record).ended_by(self._cut_off)

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
        session = await self.find(session_id)
        if session is None:
            return False
        advanced = session.advanced(
            expected_digest=expected_digest,
            new_digest=new_digest,
            replaced=replaced,
            now=now,
            idle_expires_at=idle_expires_at,
        )
        if advanced is None:
            return False
        self._sessions[session_id] = pack(advanced)
        if replaced and (not session.replaced or now < session.rotated_at):
            heappush(self._rotations, (now, session_id))
        return True

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        session = await self.find(session_id)
        revoked = session and session.revoked(reason=reason, now=now)
        if not revoked:
            return False
        self._sessions[session_id] = pack(revoked)
        self._revoked.add_each([RevokedSession(session_id, now)])
        return True

    async def set_credential_version(
        self, session_id: SessionId, *, expected_version: int, credential_version: int, now: float
    ) -> bool:
        session = await self.find(session_id)
        changed = session and session.with_credential_version(
            expected_version=expected_version, credential_version=credential_version, now=now
        )
        if not changed:
            return False
        self._sessions[session_id] = pack(changed)
        return True

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        live = reversed(await self._live_sessions(subject, now))
        return [await self._revoked_now(each, reason, now) for each in live if each.session_id != keep]

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        live = await self._live_sessions(subject, now)
        too_many = min(len(live) - limit, _MAX_REVOKED)
        if too_many <= 0:
            return []
        oldest = sorted((each for each in live if each.session_id != keep), key=lambda each: each.rotated_at)
        return [await self._revoked_now(each, reason, now) for each in oldest[:too_many]]

    async def list_crowded_subjects(self, *, more_than: int, after: str) -> CrowdedSubjects:  # noqa: ARG002  # one page
        """Return all in one page: the limit is as old as this memory, so there are few."""
        return CrowdedSubjects(self._by_subject.subjects_with_more_than(more_than), None)

    async def set_cut_off(self, cut_off: int) -> None:
        if self._cut_off is None or cut_off > self._cut_off:
            self._cut_off = cut_off
            self._to_cut_off = deque(self._sessions)

    async def find_cut_off(self) -> int | None:
        return self._cut_off

    async def list_live_sessions(
        self, subject: Subject, *, now: float, limit: int, after: SessionPosition | None = None
    ) -> Sequence[Session]:
        live = await self._live_sessions(subject, now)
        return [each for each in live if after is None or each.position() > after][:limit]

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        block = self._revoked.block_after(RevocationPosition.parse(after) if after else RevocationPosition(moment))
        listed = [each for each in block if not self._began_by_cut_off(each.session_id)]
        return RevocationPage(listed, None if block.next is None else block.next.text())

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        erased = 0
        while erased < limit and self._rotations and self._rotations[0][0] < rotated_before:
            _, session_id = heappop(self._rotations)
            record = self._sessions.get(session_id)
            if record is None or (at_rest := without_replaced(record)) == record:
                continue
            if rotated_at(record) < rotated_before:
                self._sessions[session_id] = at_rest
                erased += 1
            else:
                heappush(self._rotations, (rotated_at(record), session_id))
        return erased

    async def revoke_cut_off(self, *, limit: int) -> int:
        revoked = 0
        for _ in range(min(limit, len(self._to_cut_off))):
            session_id = self._to_cut_off.popleft()
            record = self._sessions.get(session_id)
            if record is None or revoked_at(record) is not None:
                continue
            session = unpack(session_id, record)
            if session.began_by(self._cut_off):
                self._sessions[session_id] = pack(session.ended_by(self._cut_off))
                revoked += 1
        return revoked

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        deleted = 0
        for _ in range(min(limit, len(self._to_sweep))):
            session_id = self._to_sweep.popleft()
            record = self._sessions[session_id]
            revoked = revoked_at(record)
            if ends_at(record) < expired_before or (revoked is not None and revoked < revoked_before):
                self._delete(unpack(session_id, record))
                deleted += 1
            else:
                self._to_sweep.append(session_id)
        return deleted

    async def _live_sessions(self, subject: Subject, now: float) -> list[Session]:
        """Return the live sessions of a subject in order. Ended ones stay for a day, so no object is made of them."""
        records = [(session_id, self._sessions[session_id]) for session_id in self._by_subject.sessions(subject)]
        unrevoked = [unpack(*each).ended_by(self._cut_off) for each in records if revoked_at(each[1]) is None]
        return sorted((each for each in unrevoked if each.is_live(now)), key=Session.position)

    async def _revoked_now(self, session: Session, reason: RevocationReason, now: float) -> Session:
        await self.revoke(session.session_id, reason=reason, now=now)
        return unpack(session.session_id, self._sessions[session.session_id])

    def _began_by_cut_off(self, session_id: SessionId) -> bool:
        return unpack(session_id, self._sessions[session_id]).began_by(self._cut_off)

    def _delete(self, session: Session) -> None:
        del self._sessions[session.session_id]
        if session.revoked_at is not None:
            self._revoked.discard(RevokedSession(session.session_id, session.revoked_at))
        self._by_subject.remove(session.subject, session.session_id)
