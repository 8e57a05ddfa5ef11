"""The background tasks of an instance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from app.adapters.http.server.readiness import Readiness
from app.adapters.memory.store import MemoryStore
from app.adapters.telemetry.null import NullTelemetry
from app.domain.clocks.clock_watch import ClockWatch
from app.domain.clocks.trusted_clock import TrustedClock
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
from app.testing.signer import FakeSigner
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec


class SignallingStore(MemoryStore):
    """A store that signals a revocation in every turn of the event loop."""

    def __init__(self) -> None:
        super().__init__("memory://", StoreOptions())

    async def await_revocation(self, *, seconds: float) -> None:
        await asyncio.sleep(0)


async def nothing_to_reload(now: float) -> float:
    """Return from when on to read revocations, after nothing was read."""
    return now


def watch(clock: FakeClock) -> ClockWatch:
    """Return the watch of a clock on a store that has none."""
    trusted = TrustedClock(clock, leeway=30)
    return ClockWatch(clock=trusted, store_clock=None, reload=nothing_to_reload, hold_after_step=990)


class FakeRevocation:
    """A revocation service that notes the arguments of its calls, and raises ``error`` if it is set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls: list[float] = []

    async def sync_revocations(self, since: float) -> float:
        self.calls.append(since)
        if self.error is not None:
            raise self.error
        return since + 1


class Instance:
    """An instance with a session store."""

    def __init__(self) -> None:
        self.revocation = FakeRevocation()
        self.store = SignallingStore()
        self.readiness = Readiness()
        self.readiness.started = True

    @asynccontextmanager
    async def syncing(self) -> AsyncIterator[None]:
        """Run the task that reads revocations."""
        revocation: Revocation = self.revocation  # type: ignore[assignment]  # the task calls no other method
        task = asyncio.create_task(
            sync_revocations_periodically(
                revocation, self.store, self.readiness, NullTelemetry(), watch=watch(FakeClock()), since=NOW
            )
        )
        yield
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until ``condition`` holds."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110  # the condition has no event
                await asyncio.sleep(0)


async def test_each_round_continues_where_the_last_one_ended() -> None:
    """Each round reads revocations from the time that the last round returned."""
    instance = Instance()
    async with instance.syncing():
        await instance.until(lambda: len(instance.revocation.calls) >= 3)
    assert instance.revocation.calls[:3] == [NOW, NOW + 1, NOW + 2]
    assert instance.readiness


async def test_an_outage_misses_no_revocation() -> None:
    """A failed round is repeated from the same time; the instance is not ready until a round succeeds."""
    instance = Instance()
    instance.revocation.error = StoreUnavailable()
    async with instance.syncing():
        await instance.until(lambda: len(instance.revocation.calls) >= 3)
        assert set(instance.revocation.calls) == {NOW}
        assert str(instance.readiness) == "without revocations"
        assert not instance.readiness
        instance.revocation.error = None
        await instance.until(lambda: bool(instance.readiness) and NOW + 1 in instance.revocation.calls)


async def test_a_bug_does_not_end_the_task() -> None:
    """After an unexpected error the next round runs."""
    instance = Instance()
    instance.revocation.error = RuntimeError("a bug")
    async with instance.syncing():
        await instance.until(lambda: len(instance.revocation.calls) >= 2)
        instance.revocation.error = None
        await instance.until(lambda: NOW + 1 in instance.revocation.calls)


class KeyMaintenance:
    """An instance that maintains its keys; it loads them once an hour, or when a reload is requested."""

    def __init__(self, ring: FakeKeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(background, "_KEYS_SECONDS", 3_600.0)
        self.ring, self.clock, self.generator = ring, FakeClock(), FakeKeyGenerator()
        policy = replace(KEY_POLICY, period=10_000)
        self.keys = KeyLifecycle(
            store=ring, codec=FakeTokenCodec(), signer=FakeSigner(), clock=self.clock, policy=policy
        )
        self.rotation = KeyRotation(
            ring=ring, generator=self.generator, clock=self.clock, audit=FakeAuditTrail(), policy=policy
        )
        self.reload = KeyReload(clock=self.clock)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the keys and run the task."""
        await load_or_make_keys(self.keys, self.rotation)
        task = asyncio.create_task(
            maintain_keys_periodically(self.keys, self.rotation, self.reload, watch(self.clock), NullTelemetry())
        )
        yield
        task.cancel()

    async def loads_after(self, times: int) -> int:
        """Request a reload ``times`` times, and return how often the keys were loaded."""
        before = self.ring.loads
        for _ in range(times):
            self.reload.request()
            for _ in range(10):
                await asyncio.sleep(0)
        return self.ring.loads - before


class ReadOnlyKeyRing(FakeKeyRing):
    """A key ring that can be read, but not changed."""

    async def add(self, stored: StoredKey, *, follows: str | None) -> bool:
        raise ConfigurationError("The directory cannot be changed.")


async def test_a_flood_of_unknown_keys_costs_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many reloads are requested, the keys are loaded once in 10 seconds."""
    maintenance = KeyMaintenance(FakeKeyRing(), monkeypatch)
    async with maintenance.running():
        assert await maintenance.loads_after(1_000) == 1
        maintenance.clock.advance(9.9)
        assert await maintenance.loads_after(1_000) == 0
        maintenance.clock.advance(0.1)
        assert await maintenance.loads_after(1_000) == 1


async def test_read_only_keys_are_enough(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The service starts with the keys that exist, logs the error once, and does not go on making keys."""
    ring = ReadOnlyKeyRing(StoredKey(SigningKey("kid-1", NOW - 60, NOW - 900), b""))
    maintenance = KeyMaintenance(ring, monkeypatch)
    async with maintenance.running():
        made_at_start = maintenance.generator.made
        for _ in range(20):
            assert await maintenance.loads_after(1) == 1
            maintenance.clock.advance(10)
        assert maintenance.keys.signing_kid() == "kid-1"
    assert (made_at_start, maintenance.generator.made) == (1, 2)
    assert [record.getMessage() for record in caplog.records] == [
        "the signing keys cannot be followed: The directory cannot be changed."
    ]


async def test_a_start_ends_although_no_key_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ring that has a key which cannot be read refuses the next one. The start does not generate keys for ever."""
    ring = ReadOnlyKeyRing(StoredKey(SigningKey("kid-1", NOW - 60, NOW - 60_000), b""))
    maintenance = KeyMaintenance(ring, monkeypatch)

    async def refuse(_: StoredKey, *, follows: str | None) -> bool:  # as the port has it
        return False

    monkeypatch.setattr(ring, "add", refuse)
    async with asyncio.timeout(20):
        await load_or_make_keys(maintenance.keys, maintenance.rotation)
    assert 1 <= maintenance.generator.made <= 5
