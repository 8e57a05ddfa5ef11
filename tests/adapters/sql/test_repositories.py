"""Repositories in SQLite and PostgreSQL: the kit."""

from collections.abc import Sequence

import pytest

from app.adapters.sql.audit_records import SqlAuditRecordRepository
from app.adapters.sql.clients import SqlClientRepository
from app.adapters.sql.encrypted_keys import SqlEncryptedKeyRepository
from app.adapters.sql.rate_limits import SqlRateLimitRepository
from app.adapters.sql.session_sweeper import SqlSessionSweeper
from app.adapters.sql.sessions import SqlSessionRepository
from app.adapters.sql.statements import Statements
from app.adapters.sql.store import SqlStore
from app.adapters.sql.users import SqlUserRepository
from app.contracts.audit_record_repository import AuditRecordRepositoryContract
from app.contracts.client_repository import ClientRepositoryContract
from app.contracts.encrypted_key_repository import EncryptedKeyRepositoryContract
from app.contracts.rate_limit_repository import NOW, RateLimitRepositoryContract, key, take
from app.contracts.session_reader import SessionReaderContract
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.session_sweeper import SessionSweeperContract
from app.contracts.store_clock import StoreClockContract
from app.contracts.user_repository import UserRepositoryContract
from app.ports.store_clock import StoreClock

from .conftest import Stores


@pytest.fixture
def url(shared_url: str) -> str:
    """Return the URL of an empty database."""
    return shared_url


class _OnDatabases:
    """Gives a contract the stores of its test. Each connection is a store of its own."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores


class SessionRepositoryAndSweeper(SqlSessionRepository, SqlSessionSweeper):
    """Sessions as the two contracts need them: in one object."""

    def __init__(self, statements: Statements) -> None:
        SqlSessionRepository.__init__(self, statements)
        SqlSessionSweeper.__init__(self, statements)


class TestSqlSessionRepository(_OnDatabases, SessionRepositoryContract, SessionSweeperContract):
    """The sessions pass the kit."""

    async def connections(self, n: int) -> Sequence[SessionRepositoryAndSweeper]:
        return [SessionRepositoryAndSweeper(store._statements) for store in await self.stores(n)]


class TestSqlSessionReader(_OnDatabases, SessionReaderContract):
    """The joint read of a session and its user passes the kit."""

    async def connections(self, n: int) -> Sequence[SqlStore]:
        return await self.stores(n)


class TestSqlAuditRecordRepository(_OnDatabases, AuditRecordRepositoryContract):
    """The audit records pass the kit."""

    async def connections(self, n: int) -> Sequence[SqlAuditRecordRepository]:
        return [store.audit_records for store in await self.stores(n)]


class TestSqlUserRepository(_OnDatabases, UserRepositoryContract):
    """The users pass the kit."""

    async def connections(self, n: int) -> Sequence[SqlUserRepository]:
        return [store.users for store in await self.stores(n)]


class TestSqlClientRepository(_OnDatabases, ClientRepositoryContract):
    """The clients pass the kit."""

    async def connections(self, n: int) -> Sequence[SqlClientRepository]:
        return [store.clients for store in await self.stores(n)]


class TestSqlEncryptedKeyRepository(_OnDatabases, EncryptedKeyRepositoryContract):
    """The encrypted keys pass the kit."""

    async def connections(self, n: int) -> Sequence[SqlEncryptedKeyRepository]:
        return [store.signing_keys for store in await self.stores(n)]


class TestSqlRateLimitRepository(_OnDatabases, RateLimitRepositoryContract):
    """The rate limits pass the kit."""

    async def connections(self, n: int) -> Sequence[SqlRateLimitRepository]:
        return [store.rate_limits for store in await self.stores(n)]

    async def test_full_limits_are_deleted(self) -> None:
        """``delete_full`` deletes at most as many full limits as it may."""
        [rate_limits] = await self.connections(1)
        for number in range(5):
            await take(rate_limits, key(number))
        assert [await rate_limits.delete_full(full_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]


class TestSqlStoreClock(StoreClockContract):
    """The clock of PostgreSQL passes the kit. SQLite has none of its own."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[StoreClock]:
        clocks = [store.clock for store in await self.stores(n)]
        if clocks[0] is None:
            pytest.skip("SQLite has no clock of its own")
        return [clock for clock in clocks if clock is not None]
