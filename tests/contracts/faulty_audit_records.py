"""Audit record repositories with one fault each."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from app.domain.audit.record import AuditRecord
from app.domain.identifiers import SessionId, Subject
from app.testing.audit import FakeAuditRecordRepository


class AppendOverwrites(FakeAuditRecordRepository):
    """``append`` replaces a record that has the same id."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        self.stored.update({event.event_id: event for event in events})


class ListsEveryRecord(FakeAuditRecordRepository):
    """The lists have all records of all sessions and subjects, in the order of the calls."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return list(self.stored.values())

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        return list(self.stored.values())


class LimitKeepsTheEarliest(FakeAuditRecordRepository):
    """With more records than the limit, the lists have the earliest."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return (await super().list_for_session(session_id, limit=10_000))[:limit]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        found = await super().list_for_subject(subject, names=names, since=since, until=until, limit=10_000)
        return found[:limit]


class StoresDetailsAsText(FakeAuditRecordRepository):
    """The values of the details become text."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        texts = [{name: str(value) for name, value in event.details.items()} for event in events]
        await super().append([replace(event, details=text) for event, text in zip(events, texts, strict=True)])


class DeletesEverything(FakeAuditRecordRepository):
    """``delete_before`` deletes all records."""

    async def delete_before(self, moment: float, *, limit: int) -> int:
        deleted = len(self.stored)
        self.stored.clear()
        return deleted


class RefusesEmptyList(FakeAuditRecordRepository):
    """``append`` of an empty list fails."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        assert events
        await super().append(events)


class RacyAuditRecords(FakeAuditRecordRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        await self._read_then_wait()
        await super().append(events)

    async def delete_before(self, moment: float, **limit: Any) -> int:
        await self._read_then_wait()
        return await super().delete_before(moment, **limit)

    async def _read_then_wait(self) -> None:
        read = self.stored.copy()
        await asyncio.sleep(0)
        self.stored = read
