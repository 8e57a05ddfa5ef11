"""A session repository whose acts lock sessions in different orders."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from app.domain.identifiers import SessionId, Subject
from app.domain.sessions.session import Session
from app.testing.sessions import FakeSessionRepository


class LocksInTheOrderOfItsList(FakeSessionRepository):
    """``revoke_subject`` locks the sessions newest first, and ``revoke_excess`` the longest unused first."""

    def __init__(self) -> None:
        super().__init__()
        self._locks: defaultdict[SessionId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def revoke_subject(self, subject: Subject, *, now: float, **why: Any) -> Sequence[Session]:
        chosen = [each.session_id for each in reversed(self._live_sessions(subject, now))]
        async with AsyncExitStack() as stack:
            await self._lock(stack, chosen)
            return await super().revoke_subject(subject, now=now, **why)

    async def revoke_excess(self, subject: Subject, *, now: float, **why: Any) -> Sequence[Session]:
        chosen = [each.session_id for each in self._live_sessions(subject, now)]
        async with AsyncExitStack() as stack:
            await self._lock(stack, chosen)
            return await super().revoke_excess(subject, now=now, **why)

    async def _lock(self, stack: AsyncExitStack, chosen: Sequence[SessionId]) -> None:
        for each in chosen:
            await stack.enter_async_context(self._locks[each])
            await asyncio.sleep(0)


class RaisesWhatTheDatabaseSays(FakeSessionRepository):
    """While one act on a subject runs, another one is ended as the victim of a deadlock."""

    busy = False

    async def revoke_subject(self, subject: Subject, **why: Any) -> Sequence[Session]:
        if self.busy:
            raise ConnectionError("deadlock detected")
        self.busy = True
        await asyncio.sleep(0)
        self.busy = False
        return await super().revoke_subject(subject, **why)
