"""The store in memory."""

import asyncio

from ...domain.errors import ConfigurationError
from ...ports.database import Database
from ...ports.session_store import Rehearsal, StoreOptions
from ..store_urls.known import check_url
from ..store_urls.parts import WrongUrl
from .audit_records import MemoryAuditRecordRepository
from .clients import MemoryClientRepository
from .encrypted_keys import MemoryEncryptedKeyRepository
from .rate_limits import MemoryRateLimitRepository
from .sessions import MemorySessionRepository
from .users import MemoryUserRepository


class MemoryStore(Database):
    """The store ``memory://``: everything is in the memory of this process."""

    sweeper: MemorySessionRepository
    signing_keys: MemoryEncryptedKeyRepository
    rate_limits: MemoryRateLimitRepository
    audit_records: MemoryAuditRecordRepository

    def __init__(self, url: str, options: StoreOptions) -> None:
        try:
            check_url(url)
        except WrongUrl as error:
            raise ConfigurationError(f"{options.setting}: {error}.") from None
        if options.replicas:
            raise ConfigurationError("The memory store has no replicas: set KEYTURN_SESSION_REPLICAS=0.")
        self.rate_limits = MemoryRateLimitRepository()
        self.signing_keys = MemoryEncryptedKeyRepository()
        self.sessions = MemorySessionRepository()
        self.sweeper = self.sessions
        self.audit_records = MemoryAuditRecordRepository()
        self.users = MemoryUserRepository()
        self.clients = MemoryClientRepository()

    async def prepare(self) -> None:
        """Do nothing."""

    async def rehearse(self) -> Rehearsal:
        """Return that nothing has to be prepared."""
        return Rehearsal()

    async def open(self) -> None:
        """Do nothing."""

    async def check(self) -> None:
        """Do nothing: memory is always available."""

    async def await_revocation(self, *, seconds: float) -> None:
        """Wait ``seconds``: no other process revokes sessions of this store."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Do nothing."""
