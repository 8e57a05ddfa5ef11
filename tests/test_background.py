"""What an instance does beside answering requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.adapters.http.server.readiness import Readiness
from app.adapters.memory.store import MemoryStore
from app.adapters.telemetry.null import NullTelemetry
from app.domain.errors import ConfigurationError, StoreUnavailable
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.reload import KeyReload
from app.domain.keys.rotation import KeyRotation
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.domain.sessions.revocation import Revocation
from app.ports.session_store import StoreOptions
from app.service import background
from app.service.background import load_or_make_keys, maintain_keys_periodically, sync_revocations_periodically
from app.testing.audit import FakeAuditTrail
from app.testing.builders import KEY_POLICY
from app.testing.keys import FakeKeyGenerator, FakeKeyRing
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec


class SignallingStore(MemoryStore):
    """Tells of a revocation in every turn of the event loop, and can be away."""

    def __init__(self) -> None:
        super().__init__("memory://", StoreOptions())
        self.away = False

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(0)

    async def check(self) -> None:
        if self.away:
            raise StoreUnavailable


class Learning:
    """Notes from when on it was to learn; an error comes first where there is one."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked: list[float] = []

    async def sync_revocations(self, since: float) -> float:
        self.asked.append(since)
        if self.error is not None:
            raise self.error
        return since + 1


class Instance:
    """One that keeps up: the sessions' store and another."""

    def __init__(self) -> None:
        self.learning = Learning()
        self.stores = (SignallingStore(), SignallingStore())
        self.readiness = Readiness()
        self.readiness.started = True

    @asynccontextmanager
    async def keeping_up(self) -> AsyncIterator[None]:
        """Let it keep up."""
        revocation: Revocation = self.learning  # type: ignore[assignment]  # it is asked for nothing else
        task = asyncio.create_task(
            sync_revocations_periodically(revocation, self.stores, self.readiness, NullTelemetry(), since=NOW)
        )
        yield
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110  # what is waited for has no event
                await asyncio.sleep(0)


async def test_it_goes_on_from_where_it_was() -> None:
    """Each round learns from where the last one said."""
    instance = Instance()
    async with instance.keeping_up():
        await instance.until(lambda: len(instance.learning.asked) >= 3)
    assert instance.learning.asked[:3] == [NOW, NOW + 1, NOW + 2]
    assert instance.readiness


async def test_nothing_is_missed_while_the_store_is_away() -> None:
    """A round that failed is made again from the same moment, the instance is not ready until it succeeds."""
    instance = Instance()
    instance.learning.error = StoreUnavailable()
    async with instance.keeping_up():
        await instance.until(lambda: len(instance.learning.asked) >= 3)
        assert set(instance.learning.asked) == {NOW}
        assert str(instance.readiness) == "without store"
        assert not instance.readiness
        instance.learning.error = None
        await instance.until(lambda: bool(instance.readiness) and NOW + 1 in instance.learning.asked)


async def test_the_store_of_the_users_counts_too() -> None:
    """Where it is away nobody can sign in or refresh: the instance is not ready."""
    instance = Instance()
    instance.stores[1].away = True
    async with instance.keeping_up():
        await instance.until(lambda: not instance.readiness)
        instance.stores[1].away = False
        await instance.until(lambda: bool(instance.readiness))


async def test_a_bug_does_not_end_it() -> None:
    """After a failure of another kind the next round comes."""
    instance = Instance()
    instance.learning.error = RuntimeError("a bug")
    async with instance.keeping_up():
        await instance.until(lambda: len(instance.learning.asked) >= 2)
        instance.learning.error = None
        await instance.until(lambda: NOW + 1 in instance.learning.asked)


class KeyFollower:
    """An instance that follows its keys; without being asked it looks once an hour."""

    def __init__(self, ring: FakeKeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(background, "_KEYS_SECONDS", 3_600.0)
        self.ring, self.clock, self.generator = ring, FakeClock(), FakeKeyGenerator()
        policy = replace(KEY_POLICY, period=10_000)
        self.keys = KeyLifecycle(store=ring, codec=FakeTokenCodec(), clock=self.clock, policy=policy)
        self.rotation = KeyRotation(
            ring=ring, generator=self.generator, clock=self.clock, audit=FakeAuditTrail(), policy=policy
        )
        self.reload = KeyReload(clock=self.clock)

    @asynccontextmanager
    async def follower(self) -> AsyncIterator[None]:
        """Let it follow, from a start on."""
        await load_or_make_keys(self.keys, self.rotation)
        task = asyncio.create_task(maintain_keys_periodically(self.keys, self.rotation, self.reload, NullTelemetry()))
        yield
        task.cancel()

    async def asked(self, times: int) -> int:
        """Be asked to look so often, and return how often it read the keys for that."""
        before = self.ring.loads
        for _ in range(times):
            self.reload.request()
            for _ in range(10):
                await asyncio.sleep(0)
        return self.ring.loads - before


class BrokenKeyRing(FakeKeyRing):
    """Can be read, and not be changed."""

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        raise ConfigurationError("The directory cannot be changed.")


async def test_a_flood_of_unknown_keys_costs_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is asked to look, it reads the store once in 10 seconds."""
    follower = KeyFollower(FakeKeyRing(), monkeypatch)
    async with follower.follower():
        assert await follower.asked(1_000) == 1
        follower.clock.advance(9.9)
        assert await follower.asked(1_000) == 0
        follower.clock.advance(0.1)
        assert await follower.asked(1_000) == 1


async def test_keys_that_cannot_be_changed_serve(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The service starts on what there is, says once what is wrong, and does not make keys without end."""
    ring = BrokenKeyRing(StoredKey(SigningKey("kid-1", NOW - 60, NOW - 900), b""))
    follower = KeyFollower(ring, monkeypatch)
    async with follower.follower():
        made_at_start = follower.generator.made
        for _ in range(20):
            assert await follower.asked(1) == 1
            follower.clock.advance(10)
        assert follower.keys.signing_kid() == "kid-1"
    assert (made_at_start, follower.generator.made) == (1, 2)
    assert [record.getMessage() for record in caplog.records] == [
        "the signing keys cannot be followed: The directory cannot be changed."
    ]
