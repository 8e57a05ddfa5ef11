"""A database as a store."""

import asyncio

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...ports.database import Database
from ...ports.session_store import StoreOptions
from .acts import Acts
from .audit_records import SqlAuditRecordRepository
from .clients import SqlClientRepository
from .encrypted_keys import SqlEncryptedKeyRepository
from .engine import Address, create_engine
from .migration import newest_revision, upgrade
from .rate_limits import SqlRateLimitRepository
from .session_sweeper import SqlSessionSweeper
from .sessions import SqlSessionRepository
from .startup_errors import readable_failures
from .users import SqlUserRepository


class SqlStore(Database):
    """``sqlite:///FILE`` or ``postgresql://…``."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        if options.replicas:
            raise ConfigurationError(
                "KEYTURN_SESSION_REPLICAS: a database knows by itself how many replicas must confirm a commit"
                " (synchronous_standby_names); set it to 0."
            )
        self._address = Address(url)
        self._engine = create_engine(self._address, options)
        self._acts = Acts(self._engine, timeout=options.timeout)
        self.sessions = SqlSessionRepository(self._acts)
        self.sweeper = SqlSessionSweeper(self._acts)
        self.rate_limits = SqlRateLimitRepository(self._acts)
        self.signing_keys = SqlEncryptedKeyRepository(self._acts)
        self.audit_records = SqlAuditRecordRepository(self._acts)
        self.users = SqlUserRepository(self._acts)
        self.clients = SqlClientRepository(self._acts)

    async def prepare(self) -> None:
        await upgrade(self._address)

    async def open(self) -> None:
        with readable_failures(self._address):
            async with self._engine.connect() as connection:
                revision = await connection.run_sync(
                    lambda sync: MigrationContext.configure(sync).get_current_revision()
                )
        if revision != newest_revision():
            raise ConfigurationError(
                f"The schema of {self._address} is not that of this program; run {COMMAND} database upgrade."
            )

    async def check(self) -> None:
        await self._acts.rows(text("SELECT 1"), {})

    async def await_revocation(self, *, seconds: float) -> None:
        """Wait: the database does not tell, so it is asked."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._acts.finish()
        await self._engine.dispose()
