"""Audit event repositories that are wrong in one way each, to show that the kit notices."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.domain.audit.record import AuditRecord
from app.domain.identifiers import SessionId, Subject


class Overwriting(MemoryAuditRecordRepository):
    """Takes an event's second form."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        self._events.update({event.event_id: event for event in events})


class Unordered(MemoryAuditRecordRepository):
    """Returns events as they came, of whatever session and subject."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return list(self._events.values())

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        return list(self._events.values())


class EarliestFirst(MemoryAuditRecordRepository):
    """Cuts the wrong end off where there are more events than were asked for."""

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return (await super().list_for_session(session_id, limit=10_000))[:limit]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        found = await super().list_for_subject(subject, names=names, since=since, until=until, limit=10_000)
        return found[:limit]


class Flattening(MemoryAuditRecordRepository):
    """Keeps details as text."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        flat = [{name: str(value) for name, value in event.details.items()} for event in events]
        await super().append([replace(event, details=each) for event, each in zip(events, flat, strict=True)])


class Sweeping(MemoryAuditRecordRepository):
    """Deletes whatever there is."""

    async def delete_before(self, moment: float, *, limit: int) -> int:
        deleted = len(self._events)
        self._events.clear()
        return deleted


class Refusing(MemoryAuditRecordRepository):
    """Fails where there is nothing to do."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        assert events
        await super().append(events)


class Racy(MemoryAuditRecordRepository):
    """Gets, lets others run, and then updates what it got."""

    async def append(self, events: Sequence[AuditRecord]) -> None:
        got = self._events.copy()
        await asyncio.sleep(0)
        self._events = got
        await super().append(events)

    async def delete_before(self, moment: float, **limit: Any) -> int:
        got = self._events.copy()
        await asyncio.sleep(0)
        self._events = got
        return await super().delete_before(moment, **limit)
