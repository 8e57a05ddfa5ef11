"""Repositories in databases: the kit."""

from collections.abc import Sequence

import pytest

from app.adapters.sql.acts import Acts
from app.adapters.sql.attempt_budgets import SqlAttemptBudgets
from app.adapters.sql.audit_events import SqlAuditEventRepository
from app.adapters.sql.clients import SqlClientRepository
from app.adapters.sql.sealed_keys import SqlSealedKeyRepository
from app.adapters.sql.session_sweeper import SqlSessionSweeper
from app.adapters.sql.sessions import SqlSessionRepository
from app.adapters.sql.users import SqlUserRepository
from app.contracts.attempt_budgets import NOW, AttemptBudgetsContract, key, take
from app.contracts.audit_event_repository import AuditEventRepositoryContract
from app.contracts.client_repository import ClientRepositoryContract
from app.contracts.sealed_key_repository import SealedKeyRepositoryContract
from app.contracts.session_repository import SessionRepositoryContract
from app.contracts.session_sweeper import SessionSweeperContract
from app.contracts.user_repository import UserRepositoryContract

from .conftest import Stores


class SweptSessions(SqlSessionRepository, SqlSessionSweeper):
    """Both sides of one table."""

    def __init__(self, acts: Acts) -> None:
        SqlSessionRepository.__init__(self, acts)
        SqlSessionSweeper.__init__(self, acts)


class TestSqlSessionRepository(SessionRepositoryContract, SessionSweeperContract):
    """The sessions pass the kit, each connection an engine of its own."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SweptSessions]:
        return [SweptSessions(store._acts) for store in await self.stores(n)]


class TestSqlAuditEventRepository(AuditEventRepositoryContract):
    """The audit events pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlAuditEventRepository]:
        return [store.audit_events for store in await self.stores(n)]


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


class TestSqlSealedKeyRepository(SealedKeyRepositoryContract):
    """The signing keys pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlSealedKeyRepository]:
        return [store.signing_keys for store in await self.stores(n)]


class TestSqlAttemptBudgets(AttemptBudgetsContract):
    """The budgets pass the kit."""

    @pytest.fixture(autouse=True)
    def _stores(self, stores: Stores) -> None:
        self.stores = stores

    async def connections(self, n: int) -> Sequence[SqlAttemptBudgets]:
        return [store.budgets for store in await self.stores(n)]

    async def test_what_is_whole_is_deleted(self) -> None:
        """A sweep deletes up to its limit."""
        [budgets] = await self.connections(1)
        for number in range(5):
            await take(budgets, key(number))
        assert [await budgets.forget(whole_before=NOW + 31, limit=3) for _ in range(3)] == [3, 2, 0]
