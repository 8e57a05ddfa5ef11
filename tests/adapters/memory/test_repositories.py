"""The other repositories in memory, and the store: the kit. All connections are one object."""

from collections.abc import Sequence

import pytest

from app.adapters.memory.audit_records import MAX_RECORDS, MemoryAuditRecordRepository
from app.adapters.memory.clients import MemoryClientRepository
from app.adapters.memory.encrypted_keys import MemoryEncryptedKeyRepository
from app.adapters.memory.store import MemoryStore
from app.adapters.memory.users import MemoryUserRepository
from app.contracts.audit_record_repository import ALICE, NOW, SESSION, AuditRecordRepositoryContract, new_record
from app.contracts.client_repository import ClientRepositoryContract
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.contracts.session_store import OPTIONS, SessionStoreContract
from app.contracts.user_repository import UserRepositoryContract
from app.domain.identifiers import Subject
from app.ports.session_store import StoreOptions


class TestMemoryStore(SessionStoreContract):
    """The store passes the kit."""

    def store(self, options: StoreOptions = OPTIONS) -> MemoryStore:
        return MemoryStore("memory://", options)


class TestMemoryUserRepository(UserRepositoryContract):
    """The users pass the kit."""

    async def connections(self, n: int) -> Sequence[MemoryUserRepository]:
        return [MemoryUserRepository()] * n


class TestMemoryClientRepository(ClientRepositoryContract):
    """The clients pass the kit."""

    async def connections(self, n: int) -> Sequence[MemoryClientRepository]:
        return [MemoryClientRepository()] * n


class TestMemoryEncryptedKeyRepository(EncryptedKeyRepositoryContract):
    """The encrypted keys pass the kit."""

    async def connections(self, n: int) -> Sequence[MemoryEncryptedKeyRepository]:
        return [MemoryEncryptedKeyRepository()] * n


class TestMemoryAuditRecordRepository(AuditRecordRepositoryContract):
    """The audit records pass the kit."""

    async def connections(self, n: int) -> Sequence[MemoryAuditRecordRepository]:
        return [MemoryAuditRecordRepository()] * n


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
