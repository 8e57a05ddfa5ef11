"""The store in a database: SQLite or PostgreSQL."""

import asyncio

from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...ports.database import Database
from ...ports.session_store import StoreOptions
from .audit_records import SqlAuditRecordRepository
from .clients import SqlClientRepository
from .database_url import DatabaseUrl
from .encrypted_keys import SqlEncryptedKeyRepository
from .engine import create_engine
from .migration import newest_revision, upgrade
from .rate_limits import SqlRateLimitRepository
from .session_sweeper import SqlSessionSweeper
from .sessions import SqlSessionRepository
from .startup_errors import translate_startup_errors
from .statements import Statements
from .users import SqlUserRepository


class SqlStore(Database):
    """The store ``sqlite:///FILE`` or ``postgresql://…``."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        if options.replicas:
            raise ConfigurationError(
                "KEYTURN_SESSION_REPLICAS: set it to 0. How many replicas must confirm a commit is configured in the"
                " database (synchronous_standby_names)."
            )
        self._url = DatabaseUrl(url)
        self._engine = create_engine(self._url, options)
        self._statements = Statements(self._engine, timeout=options.timeout)
        self.sessions = SqlSessionRepository(self._statements)
        self.sweeper = SqlSessionSweeper(self._statements)
        self.rate_limits = SqlRateLimitRepository(self._statements)
        self.signing_keys = SqlEncryptedKeyRepository(self._statements)
        self.audit_records = SqlAuditRecordRepository(self._statements)
        self.users = SqlUserRepository(self._statements)
        self.clients = SqlClientRepository(self._statements)

    async def prepare(self) -> None:
        await upgrade(self._url)

    async def open(self) -> None:
        with translate_startup_errors(self._url):
            async with self._engine.connect() as connection:
                revision = await connection.run_sync(
                    lambda sync: MigrationContext.configure(sync).get_current_revision()
                )
        if revision != newest_revision():
            raise ConfigurationError(
                f"The schema of {self._url} is not that of this program; run {COMMAND} database upgrade."
            )

    async def check(self) -> None:
        await self._statements.fetch(text("SELECT 1"), {})

    async def await_revocation(self, *, seconds: float) -> None:
        """Wait ``seconds``: a database sends no messages about revocations."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        await self._statements.wait_until_idle()
        await self._engine.dispose()
