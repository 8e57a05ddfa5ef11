"""Audit events and audit records in lists."""

from collections.abc import Collection, Iterable, Sequence

from ..domain.audit.events import AuditEvent
from ..domain.audit.record import AuditRecord
from ..domain.identifiers import SessionId, Subject
from ..ports.audit_record_repository import AuditRecordRepository
from ..ports.audit_trail import AuditTrail


class FakeAuditTrail(AuditTrail):
    """A list of the recorded events."""

    def __init__(self) -> None:
        self.events: list[AuditEvent] = []

    def record(self, event: AuditEvent) -> None:
        self.events.append(event)

    def kinds(self) -> list[type[AuditEvent]]:
        """Return the class of each recorded event."""
        return [type(event) for event in self.events]


class FakeAuditRecordRepository(AuditRecordRepository):
    """A dictionary of audit records by id. No method awaits, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self.stored: dict[str, AuditRecord] = {}

    async def append(self, records: Sequence[AuditRecord]) -> None:
        for record in records:
            self.stored.setdefault(record.event_id, record)

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return _ordered(each for each in self.stored.values() if each.session_id == session_id)[-limit:]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        own = (each for each in self.stored.values() if each.subject == subject and each.session_id is None)
        return _ordered(each for each in own if each.name in names and since <= each.at <= until)[-limit:]

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        return _ordered(each for each in self.stored.values() if (each.subject, each.name) == (subject, name))[-limit:]

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        own = _ordered(each for each in self.stored.values() if (each.subject, each.name) == (subject, name))
        surplus = [each for each in own[:-keep] if each.at < own[-keep].at][:limit]
        for each in surplus:
            del self.stored[each.event_id]
        return len(surplus)

    async def delete_before(self, moment: float, *, limit: int) -> int:
        chosen = [each.event_id for each in self.stored.values() if each.at < moment][:limit]
        for event_id in chosen:
            del self.stored[event_id]
        return len(chosen)


def _ordered(records: Iterable[AuditRecord]) -> Sequence[AuditRecord]:
    return sorted(records, key=lambda record: (record.at, record.event_id))
