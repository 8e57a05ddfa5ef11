"""The store in a database: SQLite or PostgreSQL."""

import asyncio
import logging
from dataclasses import replace
from importlib import import_module
from typing import Final

from ... import COMMAND
from ...domain.errors import ConfigurationError
from ...ports.database import Database
from ...ports.session_store import Rehearsal, StoreOptions
from ..store_faults import RecentRefusal
from .audit_records import SqlAuditRecordRepository
from .clients import SqlClientRepository
from .database_file import files_open_to_others
from .database_url import DatabaseUrl
from .encrypted_keys import SqlEncryptedKeyRepository
from .executor import Executor
from .migration import newest_revision, rehearse_upgrade, upgrade
from .postgres_connections import ServerRole
from .rate_limits import SqlRateLimitRepository
from .session_reader import SqlSessionReader
from .session_sweeper import SqlSessionSweeper
from .sessions import SqlSessionRepository
from .startup_errors import translate_startup_errors
from .statements import Statements
from .store_clock import SqlStoreClock
from .users import SqlUserRepository
from .version_table import OWN_TABLE, REVISION

_LOG: Final = logging.getLogger("keyturn.sql")

_START_SECONDS: Final = 10.0
"""Several instances may start at once, each of which writes."""

_OF_POSTGRESQL: Final = ("asyncpg", "greenlet")
"""The packages of PostgreSQL alone. One that is missing is an error when the store is made, before it connects."""


class SqlStore(Database):
    """The store ``sqlite:///FILE`` or ``postgresql://…``."""

    reserved_sessions: SqlSessionRepository
    session_reader: SqlSessionReader
    sweeper: SqlSessionSweeper
    rate_limits: SqlRateLimitRepository
    signing_keys: SqlEncryptedKeyRepository
    audit_records: SqlAuditRecordRepository

    def __init__(self, url: str, options: StoreOptions) -> None:
        if options.replicas:
            raise ConfigurationError(
                "KEYTURN_SESSION_REPLICAS: set it to 0. How many replicas must confirm a commit is configured in the"
                " database (synchronous_standby_names)."
            )
        self._url = DatabaseUrl(url, setting=options.setting)
        self._options = options
        self._executor, self._reserved = _executors(self._url, options)
        refusal = RecentRefusal()
        self._statements = Statements(self._executor, refusal)
        self._reserved_statements = Statements(self._reserved, refusal)
        self.sessions = SqlSessionRepository(self._statements)
        self.reserved_sessions = SqlSessionRepository(self._reserved_statements)
        self.session_reader = SqlSessionReader(self._statements)
        self.sweeper = SqlSessionSweeper(self._statements)
        self.rate_limits = SqlRateLimitRepository(self._statements)
        self.signing_keys = SqlEncryptedKeyRepository(self._statements)
        self.audit_records = SqlAuditRecordRepository(self._statements)
        self.users = SqlUserRepository(self._statements)
        self.clients = SqlClientRepository(self._statements)
        self.clock = None if self._url.is_sqlite else SqlStoreClock(self._reserved_statements)

    @property
    def place(self) -> str:
        """Return where the store is, without its password."""
        return str(self._url)

    async def prepare(self) -> None:
        await upgrade(self._url, self._options)
        if self._url.is_sqlite:
            self._warn_of_open_files()
        await self._check_at_start()

    async def rehearse(self) -> Rehearsal:
        rehearsal = await rehearse_upgrade(self._url, self._options)
        if self._url.is_sqlite:
            self._warn_of_open_files()
        if not rehearsal.upgrade:
            await self._check_at_start(forget=True)
        return rehearsal

    async def open(self) -> None:
        if self._url.is_sqlite and not self._url.file.exists():
            raise self._outdated()
        with translate_startup_errors(self._url):
            revision = await self._revision()
        if revision != newest_revision():
            raise self._outdated()

    async def _check_at_start(self, *, forget: bool = False) -> None:
        """Refuse a database that takes no changes, with connections of this check alone. ``forget`` deletes what the
        check has written.
        """
        patient = replace(self._options, timeout=max(self._options.timeout, _START_SECONDS))
        executor = _executor(self._url, patient, ServerRole())
        try:
            with translate_startup_errors(self._url):
                await executor.check()
                if forget:
                    await executor.forget_check()
        finally:
            await executor.close()

    async def _revision(self) -> str | None:
        """Return the revision of the schema, or ``None`` for a database without one."""
        found = await self._statements.fetch(OWN_TABLE[self._executor.dialect.name], {})
        if not found:
            return None
        rows = await self._statements.fetch(REVISION[found[0].name], {})
        return str(rows[0].version_num) if rows else None

    def _outdated(self) -> ConfigurationError:
        return ConfigurationError(
            f"The schema of {self._url} is not that of this program; run {COMMAND} database upgrade."
        )

    def _warn_of_open_files(self) -> None:
        """Log a warning if the database, which holds password hashes, is not private. An older version may have
        created it.
        """
        files = " ".join(map(str, files_open_to_others(self._url.file)))
        if files:
            _LOG.warning("the database is open to other users of this machine; run: chmod 600 %s", files)

    async def check(self) -> None:
        await self._reserved_statements.check()

    async def await_revocation(self, *, seconds: float) -> None:
        """Wait ``seconds``: a database sends no messages about revocations."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        for executor in {self._executor, self._reserved}:
            await executor.wait_until_idle()
            await executor.close()


def _executors(url: DatabaseUrl, options: StoreOptions) -> tuple[Executor, Executor]:
    """Return the executor of most statements, and that of revocations and checks. In SQLite it is the same: changes are
    committed together, and short reads wait for nothing.
    """
    role = ServerRole()
    if url.is_sqlite or options.connections == 1:
        executor = _executor(url, options, role)
        return executor, executor
    most, reserved = options.split()
    return _executor(url, most, role), _executor(url, reserved, role)


def _executor(url: DatabaseUrl, options: StoreOptions, role: ServerRole) -> Executor:
    if url.is_sqlite:
        from .sqlite_executor import SqliteExecutor  # noqa: PLC0415  # PostgreSQL needs no module of SQLite

        return SqliteExecutor(url, options)
    for package in _OF_POSTGRESQL:
        import_module(package)
    from .postgres_executor import PostgresExecutor  # noqa: PLC0415  # and SQLite no driver of PostgreSQL

    return PostgresExecutor(url, options, role)
