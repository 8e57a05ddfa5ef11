"""Session repositories whose acts are not atomic."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import RevocationReason, Session
from app.testing.sessions import FakeSessionRepository


class RacySessions(FakeSessionRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def add(self, session: Session) -> None:
        free = session.session_id not in self.stored
        await asyncio.sleep(0)
        if free:
            self.stored.pop(session.session_id, None)
        await super().add(session)

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        session = await self.find(session_id)
        advanced = session and session.advanced(**swap)
        await asyncio.sleep(0)
        return self._store(advanced)

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        session = await self.find(session_id)
        ended = session and session.revoked(**why)
        await asyncio.sleep(0)
        return self._store(ended)

    async def set_credential_version(self, session_id: SessionId, **versions: Any) -> bool:
        session = await self.find(session_id)
        changed = session and session.with_credential_version(**versions)
        await asyncio.sleep(0)
        return self._store(changed)

    async def revoke_subject(
        self, subject: Subject, *, reason: RevocationReason, now: float, keep: SessionId | None
    ) -> Sequence[Session]:
        live = [each for each in self._live_sessions(subject, now) if each.session_id != keep]
        ended = [session for each in live if (session := each.revoked(reason=reason, now=now))]
        await asyncio.sleep(0)
        self.stored.update({each.session_id: each for each in ended})
        return ended

    async def set_cut_off(self, cut_off: int) -> None:
        latest = max(cut_off, self.cut_off or cut_off)
        await asyncio.sleep(0)
        self.cut_off = latest

    async def erase_replaced(self, **which: Any) -> int:
        await self._read_then_wait()
        return await super().erase_replaced(**which)

    async def revoke_cut_off(self, **which: Any) -> int:
        await self._read_then_wait()
        return await super().revoke_cut_off(**which)

    async def delete_ended(self, **which: Any) -> int:
        await self._read_then_wait()
        return await super().delete_ended(**which)

    async def _read_then_wait(self) -> None:
        """Undo what other tasks do while this one waits, as if it decided on what it has read, and wrote it back."""
        read = dict(self.stored)
        await asyncio.sleep(0)
        self.stored.update(read)


class RacyLimit(FakeSessionRepository):
    """``revoke_excess`` chooses the sessions, lets other tasks run, and then revokes those that are still live."""

    async def revoke_excess(
        self, subject: Subject, *, limit: int, keep: SessionId | None, reason: RevocationReason, now: float
    ) -> Sequence[Session]:
        live = sorted(self._live_sessions(subject, now), key=lambda each: each.rotated_at)
        chosen = [each for each in live if each.session_id != keep][: max(0, len(live) - limit)]
        await asyncio.sleep(0)
        return await self._revoke_each(chosen, reason, now)


class WritesInTwoSteps(FakeSessionRepository):
    """A change is written in two steps, so an act that is cancelled between them is half done."""

    async def add(self, session: Session) -> None:
        await super().add(session)
        self.stored[session.session_id] = replace(session, subject=Subject("nobody"))
        await asyncio.sleep(0)
        self.stored[session.session_id] = session

    async def advance(self, session_id: SessionId, **swap: Any) -> bool:
        before = self.stored.get(session_id)
        won = await super().advance(session_id, **swap)
        if before is not None and won:
            after = self.stored[session_id]
            self.stored[session_id] = replace(after, generation=before.generation)
            await asyncio.sleep(0)
            self.stored[session_id] = after
        return won

    async def revoke(self, session_id: SessionId, **why: Any) -> bool:
        won = await super().revoke(session_id, **why)
        if won:
            after = self.stored[session_id]
            self.stored[session_id] = replace(after, revoked_because=None)
            await asyncio.sleep(0)
            self.stored[session_id] = after
        return won

    async def set_cut_off(self, cut_off: int) -> None:
        self.cut_off = cut_off + 5
        await asyncio.sleep(0)
        self.cut_off = cut_off
