"""Audit events in memory: the kit, and that they take no more room than they may."""

from collections.abc import Sequence

from app.adapters.memory.audit_events import MOST, MemoryAuditEventRepository
from app.contracts.audit_event_repository import SESSION, AuditEventRepositoryContract, new_event


class TestMemoryAuditEventRepository(AuditEventRepositoryContract):
    """The repository passes the kit."""

    async def connections(self, n: int) -> Sequence[MemoryAuditEventRepository]:
        return [MemoryAuditEventRepository()] * n


async def test_the_eldest_goes_for_the_next() -> None:
    """So many are kept, and no more."""
    events = MemoryAuditEventRepository()
    await events.append([new_event(number) for number in range(MOST + 3)])
    kept = await events.of_session(SESSION)
    assert (len(kept), kept[0]) == (MOST, new_event(3))
