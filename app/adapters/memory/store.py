"""The store in memory."""

import asyncio

from ...domain.errors import ConfigurationError
from ...ports.store import StoreOptions
from .audit_events import MemoryAuditEventRepository
from .clients import MemoryClientRepository
from .sealed_keys import MemorySealedKeyRepository
from .sessions import MemorySessionRepository
from .users import MemoryUserRepository


class MemoryStore:
    """Repositories of this process alone: ``memory://``."""

    def __init__(self, url: str, options: StoreOptions) -> None:
        if url != "memory://":
            raise ConfigurationError("The URL of the memory store is memory:// and nothing else.")
        if options.replicas:
            raise ConfigurationError("The memory store has no replicas: set KEYTURN_SESSION_REPLICAS=0.")
        self.signing_keys = MemorySealedKeyRepository()
        self.sessions = MemorySessionRepository()
        self.sweeper = self.sessions
        self.audit_events = MemoryAuditEventRepository()
        self.users = MemoryUserRepository()
        self.clients = MemoryClientRepository()

    async def prepare(self) -> None:
        """Nothing has to be done."""

    async def open(self) -> None:
        """Nothing has to be done."""

    async def check(self) -> None:
        """It always answers."""

    async def await_revocation(self, *, seconds: float) -> None:
        """Wait: who revokes here knows it already."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Nothing has to be done."""
