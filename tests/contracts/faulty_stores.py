"""Stores whose changes are not durable, or whose acts take too long."""

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from app.adapters.memory.store import MemoryStore
from app.contracts.session_store import OPTIONS
from app.contracts.time_limits import TimeLimits
from app.domain.errors import StoreUnavailable
from app.domain.identifiers import Subject
from app.domain.sessions.session import Session
from app.ports.session_store import Rehearsal, SessionStore, StoreOptions
from app.testing.sessions import FakeSessionRepository

_T = TypeVar("_T")


class WritesAtTheEnd(SessionStore):
    """Sessions that are written to a file when the store is closed."""

    sweeper = None
    signing_keys = None
    rate_limits = None
    sessions: FakeSessionRepository

    def __init__(self, url: str, options: StoreOptions) -> None:
        self.file = Path(url.removeprefix("file://"))
        self.sessions = FakeSessionRepository()

    async def rehearse(self) -> Rehearsal:
        return Rehearsal()

    async def prepare(self) -> None:
        self.write()

    async def open(self) -> None:
        # This test wrote the file.
        self.sessions.stored, self.sessions.cut_off = pickle.loads(self.file.read_bytes())  # noqa: S301

    async def close(self) -> None:
        self.write()

    async def check(self) -> None:
        pass

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def write(self) -> None:
        self.file.write_bytes(pickle.dumps((self.sessions.stored, self.sessions.cut_off)))


class WritesSoon(WritesAtTheEnd):
    """Sessions that are written to a file ten times a second, as a store does that has a buffer."""

    async def open(self) -> None:
        await super().open()
        self._writing = asyncio.create_task(self._write_often())

    async def close(self) -> None:
        self._writing.cancel()
        await super().close()

    async def _write_often(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            self.write()


class SlowStore(MemoryStore):
    """A store in memory whose round trips a test can delay. Each act is one round trip, with a time limit."""

    def __init__(self, options: StoreOptions, storage: FakeSessionRepository, delay: list[float]) -> None:
        super().__init__("memory://", options)
        self._limit, self._delay = options.timeout, delay
        self.sweeper = self.sessions = _Limited(storage, self)  # type: ignore[assignment]  # it has all their methods

    async def round_trip(self, seconds: float | None) -> None:
        """Wait for an answer, at most ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(self._delay[0])
        except TimeoutError as error:
            raise StoreUnavailable from error

    async def list_live_sessions(self, listed: Callable[[], Awaitable[_T]]) -> _T:
        """Return what ``listed`` returns, after a round trip."""
        await self.round_trip(self._limit)
        return await listed()

    async def delete_ended(self, deleted: Callable[[], Awaitable[_T]], sessions: int) -> _T:
        """Return what ``deleted`` returns, after a round trip. ``sessions`` is how many are stored."""
        await self.round_trip(self._limit)
        return await deleted()


class _Limited:
    def __init__(self, storage: FakeSessionRepository, store: SlowStore) -> None:
        self._storage, self._store = storage, store

    def __getattr__(self, name: str) -> Any:
        async def act(*args: Any, **keywords: Any) -> Any:
            await self._store.round_trip(self._store._limit)
            return await getattr(self._storage, name)(*args, **keywords)

        return act

    async def list_live_sessions(self, subject: Subject, **page: Any) -> Sequence[Session]:
        return await self._store.list_live_sessions(lambda: self._storage.list_live_sessions(subject, **page))

    async def delete_ended(self, **which: Any) -> int:
        return await self._store.delete_ended(lambda: self._storage.delete_ended(**which), len(self._storage.stored))


class ListsWithoutLimit(SlowStore):
    """``list_live_sessions`` waits for its answer as long as it takes."""

    async def list_live_sessions(self, listed: Callable[[], Awaitable[_T]]) -> _T:
        await self.round_trip(None)
        return await listed()


class LimitsEachRoundTrip(SlowStore):
    """``delete_ended`` deletes 100 sessions in a round trip, and each has the time limit."""

    async def delete_ended(self, deleted: Callable[[], Awaitable[_T]], sessions: int) -> _T:
        for _ in range(1 + sessions // 100):
            await self.round_trip(self._limit)
        return await deleted()


class TimeLimitsOf(TimeLimits):
    """The kit on one of these stores."""

    def __init__(self, kind: type[SlowStore]) -> None:
        self._kind, self._storage, self._delay = kind, FakeSessionRepository(), [0.0]

    def store(self, options: StoreOptions = OPTIONS) -> SlowStore:
        return self._kind(options, self._storage, self._delay)

    @contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        self._delay[0] = seconds
        try:
            yield
        finally:
            self._delay[0] = 0.0
