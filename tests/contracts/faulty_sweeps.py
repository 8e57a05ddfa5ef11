"""Session repositories with one fault each in a sweep."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.domain.identifiers import SessionId
from app.domain.sessions.replaced import NOTHING_REPLACED, ReplacedSecrets
from app.domain.sessions.session import RevocationReason, Session
from app.testing.sessions import FakeSessionRepository


class _Erasing(FakeSessionRepository):
    def _erase(self, chosen: Sequence[Session]) -> int:
        self.stored.update({each.session_id: replace(each, replaced=NOTHING_REPLACED) for each in chosen})
        return len(chosen)


class SweepsTooMuch(_Erasing):
    """The sweeps ignore the limit, and include the moment itself."""

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self.stored.values() if each.rotated_at <= rotated_before and each.replaced]
        return self._erase(old)

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await super().delete_ended(
            expired_before=expired_before + 0.015625, revoked_before=revoked_before + 0.015625, limit=10**6
        )


class SweepsByFirstTimes(_Erasing):
    """``erase_replaced`` uses the time of creation, and ``delete_ended`` the first idle expiry."""

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self.stored.values() if each.created_at < rotated_before and each.replaced]
        return self._erase(old[:limit])

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


class ErasesOneSecretATime(FakeSessionRepository):
    """``erase_replaced`` erases the last secret of each session, and counts secrets."""

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        old = [each for each in self.stored.values() if each.rotated_at < rotated_before and each.replaced][:limit]
        for each in old:
            self.stored[each.session_id] = replace(each, replaced=ReplacedSecrets(each.replaced.packed[:-72]))
        return sum(len(each.replaced) for each in old)


class TrustsAnOutdatedIndex(FakeSessionRepository):
    """``delete_ended`` deletes what its index calls revoked. An entry of the index outlives its session."""

    def __init__(self) -> None:
        super().__init__()
        self._index: dict[SessionId, float] = {}

    async def revoke(self, session_id: SessionId, *, reason: RevocationReason, now: float) -> bool:
        won = await super().revoke(session_id, reason=reason, now=now)
        if won:
            self._index[session_id] = now
        return won

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        chosen = [each for each, at in self._index.items() if at < revoked_before and each in self.stored][:limit]
        for each in chosen:
            del self.stored[each]
        ended = await super().delete_ended(expired_before=expired_before, revoked_before=0.0, limit=limit)
        return len(chosen) + ended


class TrustsAnIndexThatItReadBefore(FakeSessionRepository):
    """``delete_ended`` reads its index of idle expiries, lets other tasks run, and deletes what it has read."""

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        ended = [each.session_id for each in self.stored.values() if each.ends_at() < expired_before][:limit]
        await asyncio.sleep(0)
        deleted = sum(self.stored.pop(each, None) is not None for each in ended)
        return deleted + await super().delete_ended(expired_before=0.0, revoked_before=revoked_before, limit=limit)
