"""The store in memory passes the kit, and keeps a number of audit records. All connections are one object."""

import pytest

from app.adapters.memory.audit_records import MAX_RECORDS, MemoryAuditRecordRepository
from app.adapters.memory.store import MemoryStore
from app.contracts.audit_record_repository import ALICE, NOW, SESSION, new_record
from app.contracts.store import DatabaseContract
from app.domain.identifiers import Subject


class TestMemory(DatabaseContract, make=MemoryStore, in_memory=True):
    """The store passes the kit."""

    @pytest.fixture
    def url(self) -> str:
        return "memory://"


async def test_the_oldest_audit_record_is_deleted_for_the_next() -> None:
    """The repository keeps ``MAX_RECORDS`` records of one name, the newest ones."""
    repository = MemoryAuditRecordRepository()
    await repository.append([new_record(number) for number in range(MAX_RECORDS + 3)])
    kept = await repository.list_for_session(SESSION, limit=MAX_RECORDS + 3)
    assert (len(kept), kept[0]) == (MAX_RECORDS, new_record(3))


@pytest.mark.parametrize("subject", [ALICE, None], ids=["one user", "unknown users"])
async def test_flood_of_one_kind_displaces_only_itself(subject: Subject | None) -> None:
    """Failed logins without end leave the record that tells why a session ended."""
    repository = MemoryAuditRecordRepository()
    revoked = new_record(1, name="session_was_revoked")
    await repository.append([revoked])
    for first in range(2, 3 * MAX_RECORDS, 1_000):
        flood = range(first, first + 1_000)
        await repository.append(
            [new_record(number, name="login_failed", session_id=None, subject=subject) for number in flood]
        )
    assert list(await repository.list_for_session(SESSION, limit=9)) == [revoked]
    kept = await repository.list_for_subject(
        subject, names=["login_failed"], since=0.0, until=2 * NOW, limit=2 * MAX_RECORDS
    )
    assert len(kept) == MAX_RECORDS - 1
