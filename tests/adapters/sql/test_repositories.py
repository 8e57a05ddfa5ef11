"""Repositories in databases: the kit."""

from collections.abc import Sequence

import pytest

from app.adapters.sql.audit_records import SqlAuditRecordRepository
from app.adapters.sql.clients import SqlClientRepository
from app.adapters.sql.encrypted_keys import SqlEncryptedKeyRepository
from app.adapters.sql.rate_limits import SqlRateLimitRepository
from app.adapters.sql.session_sweeper import SqlSessionSweeper
from app.adapters.sql.sessions import SqlSessionRepository
from app.adapters.sql.statements import Statements
from app.adapters.sql.users import SqlUserRepository
from app.contracts.audit_record_repository import AuditRecordRepositoryContract
from app.contracts.client_repository import ClientRepositoryContract
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.contracts.rate_limit_repository import NOW, RateLimitRepositoryContract, key, take
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.session_sweeper import SessionSweeperContract
from app.contracts.user_repository import UserRepositoryContract

from .conftest import Stores


class SweptSessions(SqlSessionRepository, SqlSessionSweeper):
    """Both sides of one table."""

    def __init__(self, statements: Statements) -> None:
        SqlSessionRepository.__init__(self, statements)
        SqlSessionSweeper.__init__(self, statements)


class TestSqlSessionRepository(SessionRepositoryContract, SessionSweeperContract):
    """The sessions pass the kit, each connection an engine of its own."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SweptSessions]:
        return [SweptSessions(store._statements) for store in await self.stores(n)]


class TestSqlAuditEventRepository(AuditRecordRepositoryContract):
    """The audit events pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlAuditRecordRepository]:
        return [store.audit_records for store in await self.stores(n)]


class TestSqlUserRepository(UserRepositoryContract):
    """The users pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlUserRepository]:
        return [store.users for store in await self.stores(n)]


class TestSqlClientRepository(ClientRepositoryContract):
    """The clients pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlClientRepository]:
        return [store.clients for store in await self.stores(n)]


class TestSqlSealedKeyRepository(EncryptedKeyRepositoryContract):
    """The signing keys pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlEncryptedKeyRepository]:
        return [store.signing_keys for store in await self.stores(n)]


class TestSqlAttemptBudgets(RateLimitRepositoryContract):
    """The budgets pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlRateLimitRepository]:
        return [store.rate_limits for store in await self.stores(n)]

    async def test_what_is_whole_is_deleted(self) -> None:
        """A sweep deletes up to its limit."""
        [rate_limits] = await self.connections(1)
        for number in range(5):
            await take(rate_limits, key(number))
        assert [await rate_limits.delete_full(full_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
