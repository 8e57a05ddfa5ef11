"""Fakes behind the service's ports."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from app.adapters.keys.rsa_signer import RsaSigner
from app.adapters.memory.audit_records import MemoryAuditRecordRepository
from app.adapters.memory.clients import MemoryClientRepository
from app.adapters.memory.rate_limits import MemoryRateLimitRepository
from app.adapters.memory.sessions import MemorySessionRepository
from app.adapters.memory.users import MemoryUserRepository
from app.adapters.telemetry.audit_recorder import AuditRecorder
from app.domain.audit.events import AuditEvent
from app.domain.errors import StoreUnavailable
from app.ports.audit_record_repository import AuditRecordRepository
from app.ports.database import Database
from app.testing.audit import FakeAuditTrail
from app.testing.passwords import FakePasswordHasher

CAUSE = "driver: connection to db-17.internal refused"


class WatchedAuditRecorder(AuditRecorder):
    """An audit recorder whose events also go to ``trail``."""

    def __init__(self, *, records: AuditRecordRepository | None) -> None:
        super().__init__(records=records)
        self.trail = FakeAuditTrail()

    def record(self, event: AuditEvent) -> None:
        self.trail.record(event)
        super().record(event)


class QuickHasher(FakePasswordHasher):
    """A hasher for tests in which passwords do not matter."""

    def close(self) -> None:
        """Do nothing."""


class FaultyStore:
    """A repository with faults.

    While it is ``down`` every call fails. ``bug`` is raised by every call, if given. Between calls other requests run,
    as with a store on the network.
    """

    def __init__(self, repository: Any) -> None:
        self.repository = repository
        self._meeting: asyncio.Barrier | None = None
        self._expected = 0
        self.down = False
        self.bug: Exception | None = None
        self.acts = 0

    def let_readers_meet(self, count: int) -> None:
        """Hold the next ``count`` calls of ``find`` until all of them have come."""
        self._meeting = asyncio.Barrier(count)
        self._expected = count

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        act = getattr(self.repository, name)

        async def perform(*args: Any, **keywords: Any) -> Any:
            self.acts += 1
            if self.bug is not None:
                raise self.bug
            if self.down:
                raise StoreUnavailable from OSError(CAUSE)
            await asyncio.sleep(0)
            result = await act(*args, **keywords)
            await self._meet(name)
            return result

        return perform

    async def _meet(self, name: str) -> None:
        if name == "find" and self._expected:
            assert self._meeting is not None
            self._expected -= 1
            await self._meeting.wait()


class StandInSigner(RsaSigner):
    """A signer elsewhere: each signature takes 20 ms.

    While it is ``down`` it cannot be reached. ``bug`` is raised by every signature, if given. While ``answers`` is not
    set, it does not answer. ``asked`` counts the signatures.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.answers.set()
        self.down = False
        self.bug: Exception | None = None
        self.asked = 0

    async def sign(self, kid: str, message: bytes) -> bytes:
        self.asked += 1
        await asyncio.sleep(0.02)
        await self.answers.wait()
        if self.bug is not None:
            raise self.bug
        if self.down:
            raise ConnectionRefusedError(CAUSE)
        return await super().sign(kid, message)


class StandInStore(Database):
    """A store in memory that can be down. Nothing is swept, because the test sets the clock."""

    def __init__(self) -> None:
        self.sessions: Any = FaultyStore(MemorySessionRepository())
        self.users: Any = FaultyStore(MemoryUserRepository())
        self.clients = MemoryClientRepository()
        self.rate_limits = MemoryRateLimitRepository()
        self.audit_records = MemoryAuditRecordRepository()

    async def open(self) -> None:
        """Do nothing."""

    async def check(self) -> None:
        """Do nothing. A test makes the repositories fail instead."""

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Do nothing."""
