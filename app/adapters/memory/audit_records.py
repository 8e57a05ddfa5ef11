"""Audit records in memory."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import SessionId, Subject
from ...ports.audit_record_repository import AuditRecordRepository

MAX_RECORDS: Final = 10_000
"""The most records in memory. Beyond it, each new record replaces the oldest."""


class MemoryAuditRecordRepository(AuditRecordRepository):
    """Keeps records in one dictionary. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._records: OrderedDict[str, AuditRecord] = OrderedDict()

    async def append(self, records: Sequence[AuditRecord]) -> None:
        for record in records:
            self._records.setdefault(record.event_id, record)
        while len(self._records) > MAX_RECORDS:
            self._records.popitem(last=False)

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return _sorted(each for each in self._records.values() if each.session_id == session_id)[-limit:]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        own = (each for each in self._records.values() if each.subject == subject and each.session_id is None)
        return _sorted(each for each in own if each.name in names and since <= each.at <= until)[-limit:]

    async def delete_before(self, moment: float, *, limit: int) -> int:
        old = [each.event_id for each in self._records.values() if each.at < moment][:limit]
        for event_id in old:
            del self._records[event_id]
        return len(old)


def _sorted(records: Iterable[AuditRecord]) -> Sequence[AuditRecord]:
    return sorted(records, key=lambda each: (each.at, each.event_id))
