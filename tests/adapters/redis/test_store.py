"""Valkey as a store: the kit, also across processes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.blocked_writes import BlockedWrites
from app.contracts.session_processes import Opener, SessionProcesses
from app.contracts.session_store import OPTIONS, DurableStoreContract
from app.ports.session_repository import SessionRepository
from app.ports.session_store import StoreOptions
from tests.servers.valkey import Valkey


class TestRedisStore(DurableStoreContract):
    """A server passes the kit. Whether it is durable depends on its own configuration."""

    @pytest.fixture(autouse=True)
    def _url(self, valkey: Valkey) -> None:
        valkey.execute("FLUSHALL")
        self.url = valkey.url

    def store(self, options: StoreOptions = OPTIONS) -> RedisStore:
        return RedisStore(self.url, options)


class TestBlockedWrites(BlockedWrites):
    """A server whose memory is full is noticed."""

    @pytest.fixture(autouse=True)
    def _url(self, valkey: Valkey) -> None:
        valkey.execute("FLUSHALL")
        self.valkey = valkey

    def store(self, options: StoreOptions = OPTIONS) -> RedisStore:
        return RedisStore(self.valkey.url, options)

    @contextmanager
    def blocked(self) -> Iterator[None]:
        self.valkey.execute("CONFIG", "SET", "maxmemory", 1)
        try:
            yield
        finally:
            self.valkey.execute("CONFIG", "SET", "maxmemory", 0)


class TestAcrossProcesses(SessionProcesses):
    """A server passes the kit for several processes."""

    @pytest.fixture(autouse=True)
    def _url(self, valkey: Valkey) -> None:
        valkey.execute("FLUSHALL")
        self.url = valkey.url

    def opener(self) -> Opener:
        return partial(open_sessions, self.url)


@asynccontextmanager
async def open_sessions(url: str) -> AsyncIterator[SessionRepository]:
    """Open the sessions of a server."""
    store = RedisStore(url, StoreOptions(timeout=30.0, connections=3))
    await store.open()
    yield store.sessions
    await store.close()
