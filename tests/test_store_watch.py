"""The watch over the stores and the signing key, which decides whether an instance is ready."""

import asyncio
import logging

import pytest

from app.adapters.http.server.readiness import Readiness
from app.adapters.memory.store import MemoryStore
from app.adapters.telemetry.null import NullTelemetry
from app.domain.errors import StoreUnavailable
from app.domain.keys.lifecycle import KeyLifecycle
from app.domain.keys.signing_key import SigningKey
from app.domain.keys.stored_key import StoredKey
from app.ports.session_store import StoreOptions
from app.service import store_watch
from app.service.store_watch import StoreWatch
from app.testing.builders import KEY_POLICY
from app.testing.keys import FakeKeyRing
from app.testing.signer import FakeSigner
from app.testing.system import NOW, FakeClock
from app.testing.tokens import FakeTokenCodec


class HalfBrokenStore(MemoryStore):
    """A store whose check raises ``error`` if it is set, and that can stop answering."""

    def __init__(self) -> None:
        super().__init__("memory://", StoreOptions())
        self.error: Exception | None = None
        self.answers = True
        self.checks = 0

    async def check(self) -> None:
        self.checks += 1
        if self.error is not None:
            raise self.error
        if not self.answers:
            await asyncio.Event().wait()


class CountingTelemetry(NullTelemetry):
    """Remembers the failed checks."""

    def __init__(self) -> None:
        self.failed: list[tuple[str, str]] = []

    def store_check_failed(self, *, store: str, fault: str) -> None:
        self.failed.append((store, fault))


class Instance:
    """An instance with a session store, a user store and one signing key."""

    def __init__(self) -> None:
        self.sessions, self.users = HalfBrokenStore(), HalfBrokenStore()
        self.ring, self.clock = FakeKeyRing(StoredKey(SigningKey("kid-1", NOW - 60, NOW - 900), b"")), FakeClock()
        self.keys = KeyLifecycle(
            store=self.ring, codec=FakeTokenCodec(), signer=FakeSigner(), clock=self.clock, policy=KEY_POLICY
        )
        self.readiness, self.telemetry = Readiness(), CountingTelemetry()
        self.readiness.started = True
        self.watch = StoreWatch((self.sessions, self.users), self.keys, self.readiness, self.telemetry)


@pytest.fixture
async def instance() -> Instance:
    """Return an instance that has loaded its key."""
    instance = Instance()
    await instance.keys.load()
    return instance


@pytest.mark.parametrize("broken", ["sessions", "users"])
async def test_each_store_decides_readiness(instance: Instance, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    """An instance is not ready while one of its stores refuses the check. The reason is the fault. The log has the
    cause once, and the metrics count each failed check.
    """
    caplog.set_level(logging.INFO)
    store: HalfBrokenStore = getattr(instance, broken)
    store.error = StoreUnavailable(text="SQLite: database or disk is full. Free space.", fault="disk_full")
    for _ in range(3):
        await instance.watch.check()
    assert (str(instance.readiness), dict(instance.readiness.faults)) == (
        "without store",
        {"without store": "disk_full"},
    )
    assert instance.telemetry.failed == [(broken, "disk_full")] * 3
    store.error = None
    await instance.watch.check()
    assert instance.readiness
    failed, healed = caplog.records
    assert (failed.levelname, healed.levelname) == ("ERROR", "INFO")
    assert failed.__dict__["fields"] == {
        "store": broken,
        "fault": "disk_full",
        "cause": str(StoreUnavailable(text="SQLite: database or disk is full. Free space.")),
    }


async def test_a_silent_store_is_at_fault_in_time(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that is not answered counts as failed, however long the time limit of the store is."""
    monkeypatch.setattr(store_watch, "_PATIENCE_SECONDS", 0.01)
    instance.sessions.answers = False
    await instance.watch.check()
    assert dict(instance.readiness.faults) == {"without store": "no_answer"}


async def test_an_instance_without_a_key_is_not_ready(instance: Instance, caplog: pytest.LogCaptureFixture) -> None:
    """While no key can sign, the instance is not ready, and the log says so once."""
    instance.clock.advance(-3_600)
    for _ in range(2):
        await instance.watch.check()
    assert dict(instance.readiness.faults) == {"without signing key": "no_active_key"}
    assert len(caplog.records) == 1
    instance.clock.advance(3_600)
    await instance.watch.check()
    assert instance.readiness


async def test_a_bug_does_not_end_the_watch(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an unexpected error the next round runs."""
    monkeypatch.setattr(store_watch, "_ROUND_SECONDS", 0.0)
    instance.sessions.error = RuntimeError("a bug")
    task = asyncio.create_task(instance.watch.run())
    async with asyncio.timeout(5):
        while instance.sessions.checks < 2:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


async def test_checks_are_bounded_in_rate(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check runs only when a second has passed, whatever else happens meanwhile."""
    monkeypatch.setattr(store_watch, "_ROUND_SECONDS", 3_600.0)
    task = asyncio.create_task(instance.watch.run())
    for _ in range(100):
        await asyncio.sleep(0)
    assert instance.sessions.checks == 0
    task.cancel()
    await asyncio.wait([task])
