"""Audit events in memory."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import SessionId, Subject
from ...ports.audit_record_repository import AuditRecordRepository

MOST: Final = 10_000
"""Events that are kept; the eldest goes for the next."""


class MemoryAuditRecordRepository(AuditRecordRepository):
    """One dictionary. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, AuditRecord] = OrderedDict()

    async def append(self, events: Sequence[AuditRecord]) -> None:
        for event in events:
            self._events.setdefault(event.event_id, event)
        while len(self._events) > MOST:
            self._events.popitem(last=False)

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return _in_order(each for each in self._events.values() if each.session_id == session_id)[-limit:]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        own = (each for each in self._events.values() if each.subject == subject and each.session_id is None)
        return _in_order(each for each in own if each.name in names and since <= each.at <= until)[-limit:]

    async def delete_before(self, moment: float, *, limit: int) -> int:
        old = [each.event_id for each in self._events.values() if each.at < moment][:limit]
        for event_id in old:
            del self._events[event_id]
        return len(old)


def _in_order(events: Iterable[AuditRecord]) -> Sequence[AuditRecord]:
    return sorted(events, key=lambda each: (each.at, each.event_id))
