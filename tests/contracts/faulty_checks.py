"""Stores whose ``check`` is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.adapters.memory.store import MemoryStore
from app.contracts.blocked_writes import BlockedWrites
from app.contracts.session_store import OPTIONS
from app.contracts.sessions import new_session
from app.domain.errors import StoreUnavailable
from app.domain.sessions.session import RevocationReason, Session
from app.ports.session_store import StoreOptions


class BlockableStore(MemoryStore):
    """A store in memory whose writes can be blocked. ``check`` notices it."""

    def __init__(self) -> None:
        super().__init__("memory://", OPTIONS)
        self.blocked = False
        self._add = self.sessions.add
        self.sessions.add = self._add_unless_blocked  # type: ignore[method-assign]  # the only write of the kit

    async def check(self) -> None:
        if self.blocked:
            raise StoreUnavailable(text="memory: blocked by a test. Unblock it.", fault="read_only")

    async def _add_unless_blocked(self, session: Session) -> None:
        await BlockableStore.check(self)
        await self._add(session)


class ReadsOnly(BlockableStore):
    """``check`` reads, which always works."""

    async def check(self) -> None:
        await self.sessions.find(new_session(1).session_id)


class ChecksOnce(BlockableStore):
    """``check`` reports a fault only once."""

    async def check(self) -> None:
        blocked, self.blocked = self.blocked, False
        if blocked:
            raise StoreUnavailable(text="memory: blocked by a test. Unblock it.", fault="read_only")


class NeverHeals(BlockableStore):
    """``check`` keeps the first fault for ever, as a pool does that keeps read-only connections."""

    def __init__(self) -> None:
        super().__init__()
        self._broken = False

    async def check(self) -> None:
        self._broken |= self.blocked
        if self._broken:
            raise StoreUnavailable(text="memory: blocked by a test. Unblock it.", fault="read_only")


class SaysNothing(BlockableStore):
    """``check`` gives no reason."""

    async def check(self) -> None:
        if self.blocked:
            raise StoreUnavailable


class EndsSessions(BlockableStore):
    """``check`` ends sessions to see whether it can."""

    async def check(self) -> None:
        await super().check()
        for session in [new_session(1), new_session(2)]:
            await self.sessions.revoke(session.session_id, reason=RevocationReason.LOGOUT, now=session.created_at)


class LetsTheDriverRaise(BlockableStore):
    """``add`` raises what the driver raises."""

    async def _add_unless_blocked(self, session: Session) -> None:
        if self.blocked:
            raise OSError(28, "No space left on device")
        await self._add(session)


class AcknowledgesWhatItDrops(BlockableStore):
    """``add`` returns while writes are blocked, and stores nothing."""

    async def _add_unless_blocked(self, session: Session) -> None:
        if not self.blocked:
            await self._add(session)


class BlockedWritesOf(BlockedWrites):
    """The kit on one of these stores."""

    def __init__(self, kind: type[BlockableStore]) -> None:
        self._store = kind()

    def store(self, options: StoreOptions = OPTIONS) -> BlockableStore:  # it has one of its own
        return self._store

    @contextmanager
    def blocked(self) -> Iterator[None]:
        self._store.blocked = True
        try:
            yield
        finally:
            self._store.blocked = False
