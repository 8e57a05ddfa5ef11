"""Audit event repositories that are wrong in one way each, to show that the kit notices."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.adapters.memory.audit_events import MemoryAuditEventRepository
from app.domain.model.identifiers import SessionId, Subject
from app.domain.model.kept_event import KeptEvent


class Overwriting(MemoryAuditEventRepository):
    """Takes an event's second form."""

    async def append(self, events: Sequence[KeptEvent]) -> None:
        self._events.update({event.event_id: event for event in events})


class Unordered(MemoryAuditEventRepository):
    """Returns events as they came, of whatever session and subject."""

    async def of_session(self, session_id: SessionId) -> Sequence[KeptEvent]:
        return list(self._events.values())

    async def of_subject(self, subject: Subject, *, since: float, until: float) -> Sequence[KeptEvent]:
        return list(self._events.values())


class Flattening(MemoryAuditEventRepository):
    """Keeps details as text."""

    async def append(self, events: Sequence[KeptEvent]) -> None:
        flat = [{name: str(value) for name, value in event.details.items()} for event in events]
        await super().append([replace(event, details=each) for event, each in zip(events, flat, strict=True)])


class Sweeping(MemoryAuditEventRepository):
    """Deletes whatever there is."""

    async def delete_before(self, moment: float, *, limit: int) -> int:
        deleted = len(self._events)
        self._events.clear()
        return deleted


class Refusing(MemoryAuditEventRepository):
    """Fails where there is nothing to do."""

    async def append(self, events: Sequence[KeptEvent]) -> None:
        assert events
        await super().append(events)


class Racy(MemoryAuditEventRepository):
    """Gets, lets others run, and then updates what it got."""

    async def append(self, events: Sequence[KeptEvent]) -> None:
        got = self._events.copy()
        await asyncio.sleep(0)
        self._events = got
        await super().append(events)

    async def delete_before(self, moment: float, **limit: Any) -> int:
        got = self._events.copy()
        await asyncio.sleep(0)
        self._events = got
        return await super().delete_before(moment, **limit)
