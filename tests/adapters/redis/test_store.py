"""Valkey passes the kit: every contract, on a single server."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from app.adapters.redis.store import RedisStore
from app.contracts.session_store import OPTIONS
from app.contracts.sessions import add_all, live_sessions, new_session
from app.contracts.store import Blocked, Delayed, StoreContract
from app.contracts.time_limits import TimeLimits
from app.domain.errors import StoreUnavailable
from app.ports.session_store import StoreOptions
from tests.servers.relay import relaying, slower
from tests.servers.valkey import Valkey


class TestValkey(StoreContract, make=RedisStore):
    """A server passes the kit. Whether it is durable depends on its own configuration."""

    @pytest.fixture
    def url(self, valkey: Valkey) -> str:
        valkey.execute("FLUSHALL")
        return valkey.url

    @pytest.fixture
    def blocked(self, valkey: Valkey) -> Blocked:
        @contextmanager
        def full() -> Iterator[None]:
            valkey.execute("CONFIG", "SET", "maxmemory", 1)
            try:
                yield
            finally:
                valkey.execute("CONFIG", "SET", "maxmemory", 0)

        return full

    @pytest.fixture
    def delayed(self, valkey: Valkey) -> Delayed:
        return lambda _: valkey.stopped()


class TestSlowValkey(TimeLimits):
    """A server behind a slow network passes the kit."""

    @pytest.fixture(autouse=True)
    def _relay(self, valkey: Valkey) -> Iterator[None]:
        valkey.execute("FLUSHALL")
        with relaying(valkey.port) as self.relay:
            yield

    def store(self, options: StoreOptions = OPTIONS) -> RedisStore:
        return RedisStore(f"redis://127.0.0.1:{self.relay.port}", options)

    def delayed(self, seconds: float) -> AbstractContextManager[None]:
        return slower(self.relay, seconds)

    async def test_a_list_of_many_pages_has_the_time_of_one_act(self) -> None:
        """Twelve pages, each of which comes in time, take longer than an act may."""
        patient = self.store()
        await patient.open()
        await add_all(patient.sessions, [new_session(number) for number in range(3_000)])
        await patient.close()
        store = self.store(replace(OPTIONS, timeout=0.6))
        await store.open()
        with self.delayed(0.1), pytest.raises(StoreUnavailable):
            await live_sessions(store.sessions)
        await store.close()
