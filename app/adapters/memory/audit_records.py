"""Audit records in memory."""

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from ...domain.audit.record import AuditRecord
from ...domain.identifiers import SessionId, Subject
from ...ports.audit_record_repository import AuditRecordRepository

MAX_RECORDS: Final = 10_000
"""The most records in memory. Beyond it, each new record replaces the oldest of the name with the most records: a flood
of one kind of event displaces only itself.
"""


class MemoryAuditRecordRepository(AuditRecordRepository):
    """Keeps records in a dictionary for each name. No method awaits anything, so each is atomic on the event loop."""

    def __init__(self) -> None:
        self._by_name: defaultdict[str, OrderedDict[str, AuditRecord]] = defaultdict(OrderedDict)
        self._count = 0

    async def append(self, records: Sequence[AuditRecord]) -> None:
        for record in records:
            if not any(record.event_id in named for named in self._by_name.values()):
                self._by_name[record.name][record.event_id] = record
                self._count += 1
        while self._count > MAX_RECORDS:
            max(self._by_name.values(), key=len).popitem(last=False)
            self._count -= 1

    async def list_for_session(self, session_id: SessionId, *, limit: int) -> Sequence[AuditRecord]:
        return _sorted(each for each in self._all() if each.session_id == session_id)[-limit:]

    async def list_for_subject(
        self, subject: Subject | None, *, names: Collection[str], since: float, until: float, limit: int
    ) -> Sequence[AuditRecord]:
        own = (each for each in self._all() if each.subject == subject and each.session_id is None)
        return _sorted(each for each in own if each.name in names and since <= each.at <= until)[-limit:]

    async def list_named(self, subject: Subject, name: str, *, limit: int) -> Sequence[AuditRecord]:
        own = (each for each in self._all() if each.subject == subject and each.name == name)
        return _sorted(own)[-limit:]

    async def trim(self, subject: Subject | None, name: str, *, keep: int, limit: int) -> int:
        own = _sorted(each for each in self._by_name[name].values() if each.subject == subject)
        surplus = [each for each in own[:-keep] if each.at < own[-keep].at]
        return self._delete(surplus[:limit])

    async def delete_before(self, moment: float, *, limit: int) -> int:
        return self._delete([each for each in self._all() if each.at < moment][:limit])

    def _all(self) -> Iterator[AuditRecord]:
        for named in self._by_name.values():
            yield from named.values()

    def _delete(self, records: Sequence[AuditRecord]) -> int:
        for each in records:
            del self._by_name[each.name][each.event_id]
        self._count -= len(records)
        return len(records)


def _sorted(records: Iterable[AuditRecord]) -> Sequence[AuditRecord]:
    return sorted(records, key=lambda each: (each.at, each.event_id))
