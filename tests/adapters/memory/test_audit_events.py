"""Audit events in memory: the kit, and that they take no more room than they may."""

from collections.abc import Sequence

from app.adapters.memory.audit_records import MAX_RECORDS, MemoryAuditRecordRepository
from app.contracts.audit_record_repository import SESSION, AuditRecordRepositoryContract, new_record


class TestMemoryAuditEventRepository(AuditRecordRepositoryContract):
    """The repository passes the kit."""

    async def connections(self, n: int) -> Sequence[MemoryAuditRecordRepository]:
        return [MemoryAuditRecordRepository()] * n


async def test_the_eldest_goes_for_the_next() -> None:
    """So many are kept, and no more."""
    events = MemoryAuditRecordRepository()
    await events.append([new_record(number) for number in range(MAX_RECORDS + 3)])
    kept = await events.list_for_session(SESSION, limit=MAX_RECORDS + 3)
    assert (len(kept), kept[0]) == (MAX_RECORDS, new_record(3))
