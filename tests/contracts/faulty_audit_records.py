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

    async def append(self, records: Sequence[AuditRecord]) -> None:
        self.stored.update({record.event_id: record for record in records})


class ListsEveryRecord(FakeAuditRecordRepository):
    """The lists have all records of all sessions and subjects, in the order of the calls."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return list(self.stored.values())

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        return list(self.stored.values())

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        return list(self.stored.values())


class ListsNamedOnlyWithoutSession(FakeAuditRecordRepository):
    """``list_named`` leaves out records that belong to a session."""

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        return [each for each in await super().list_named(subject, name, limit=limit) if each.session_id is None]


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

    async def append(self, records: Sequence[AuditRecord]) -> None:
        texts = [{name: str(value) for name, value in record.details.items()} for record in records]
        await super().append([replace(record, details=text) for record, text in zip(records, texts, strict=True)])


class DeletesEverything(FakeAuditRecordRepository):
    """``delete_before`` deletes all records."""

    async def delete_before(self, moment: float, *, limit: int) -> int:
        deleted = len(self.stored)
        self.stored.clear()
        return deleted


class TrimKeepsTheEarliest(FakeAuditRecordRepository):
    """``trim`` deletes the latest records."""

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        own = [each for each in self.stored.values() if (each.subject, each.name) == (subject, name)]
        surplus = sorted(own, key=lambda each: each.at)[keep:][:limit]
        for each in surplus:
            del self.stored[each.event_id]
        return len(surplus)


class TrimIgnoresName(FakeAuditRecordRepository):
    """``trim`` deletes the oldest records of a subject, whatever their names are."""

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        own = sorted((each for each in self.stored.values() if each.subject == subject), key=lambda each: each.at)
        for each in own[:-keep][:limit]:
            del self.stored[each.event_id]
        return len(own[:-keep][:limit])


class TrimIgnoresLimit(FakeAuditRecordRepository):
    """``trim`` deletes everything at once."""

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        return await super().trim(subject, name, keep=keep, limit=10_000)


class TrimDoesNothing(FakeAuditRecordRepository):
    """``trim`` deletes nothing."""

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        return 0


class RefusesEmptyList(FakeAuditRecordRepository):
    """``append`` of an empty list fails."""

    async def append(self, records: Sequence[AuditRecord]) -> None:
        if not records:
            raise ValueError("no rows")
        await super().append(records)


class RacyAuditRecords(FakeAuditRecordRepository):
    """Each act reads, lets other tasks run, and then writes what it read: changes of the other tasks are lost."""

    async def append(self, records: Sequence[AuditRecord]) -> None:
        await self._read_then_wait()
        await super().append(records)

    async def trim(self, subject: Subject | None, name: str, **bounds: Any) -> int:
        await self._read_then_wait()
        return await super().trim(subject, name, **bounds)

    async def delete_before(self, moment: float, **limit: Any) -> int:
        await self._read_then_wait()
        return await super().delete_before(moment, **limit)

    async def _read_then_wait(self) -> None:
        read = self.stored.copy()
        await asyncio.sleep(0)
        self.stored = read


class ListsOnePage(FakeAuditRecordRepository):
    """The lists have 100 records at most."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return await super().list_for_session(session_id, limit=min(limit, 100))
