"""The kit of audit events notices: each adapter that is wrong in one way fails the tests that are about it."""

import pytest

from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.contracts.audit_record_repository import AuditEventBehaviour, AuditEventConcurrency
from app.contracts.counts import Counts

from . import faulty_audit_events as faulty
from .running import all_of, failures

FAULTS = [
    (faulty.Overwriting, "kept_once"),
    (faulty.Unordered, "its_own_in_order those_of_no_session"),
    (faulty.EarliestFirst, "last_of_a_subject"),
    (faulty.Flattening, "comes_back_as_it_was"),
    (faulty.Sweeping, "up_to_the_limit"),
    (faulty.Refusing, "nothing_can_be_kept"),
]


@pytest.mark.parametrize(("adapter", "noticed_by"), FAULTS)
async def test_a_fault_is_noticed(proof: Counts, adapter: type[MemoryAuditRecordRepository], noticed_by: str) -> None:
    """Each fault fails the tests of the sentences that it breaks."""
    failed = await failures(AuditEventBehaviour, adapter, proof)
    assert [word for word in noticed_by.split() if not any(word in name for name in failed)] == []


async def test_races_are_noticed(proof: Counts) -> None:
    """An adapter that gets, waits and then updates fails every race, and nothing else."""
    assert await failures(AuditEventConcurrency, faulty.Racy, proof) == all_of(AuditEventConcurrency).keys()
    assert await failures(AuditEventBehaviour, faulty.Racy, proof) == set()
