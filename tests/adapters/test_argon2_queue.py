"""Passwords wait in a bounded queue for threads of their own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from app.adapters.passwords import argon2
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher
from app.domain.login.errors import HashingCancelled, HashingOverloaded

_LONG = 30.0
"""Seconds after which a test gives up."""

_Make = Callable[[int, int], Argon2PasswordHasher]


class Gate:
    """Stands in for Argon2id: every hash waits until the gate is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.threads: list[int] = []
        self.error: Exception | None = None

    def __call__(self, **_: object) -> "Gate":
        return self

    def derive_phc_encoded(self, _: bytes) -> str:
        self._pass()
        return "hash"

    def verify_phc_encoded(self, _: bytes, __: str) -> None:
        self._pass()

    def _pass(self) -> None:
        self.threads.append(threading.get_ident())
        if not self.opened.wait(_LONG):
            raise TimeoutError
        if self.error is not None:
            raise self.error


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return a closed gate; it is opened at the end, so that no thread stays behind it."""
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> Iterator[_Make]:
    """Return a function that makes a hasher of so many threads and places, behind the gate."""
    hashers = []

    def make(threads: int, queue: int) -> Argon2PasswordHasher:
        hashers.append(Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=threads, queue=queue))
        monkeypatch.setattr(argon2, "Argon2id", gate)
        return hashers[-1]

    yield make
    gate.opened.set()
    for hasher in hashers:
        hasher.close()


async def _verifying(hasher: Argon2PasswordHasher, count: int = 1) -> list[asyncio.Task[bool]]:
    """Return verifications that have been given to the hasher."""
    tasks = [asyncio.create_task(hasher.verify("password", "hash")) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_LONG):
        while not condition():  # noqa: ASYNC110  # a thread makes it true, not a task
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("threads", "queue"), [(1, 0), (1, 2), (2, 1)])
async def test_a_full_queue_refuses_at_once(make: _Make, gate: Gate, threads: int, queue: int) -> None:
    """While every thread is busy and every place taken, further passwords are refused without waiting."""
    hasher = make(threads, queue)
    tasks = await _verifying(hasher, threads + queue)
    for refused in (hasher.hash("x"), hasher.verify("x", "hash"), hasher.verify_dummy("x")):
        with pytest.raises(HashingOverloaded):
            await refused
    gate.opened.set()
    assert await asyncio.gather(*tasks) == [True] * (threads + queue)


async def test_a_password_that_is_not_waited_for_is_not_looked_at(make: _Make, gate: Gate) -> None:
    """While it waits, that is told; once it is being hashed, it was looked at."""
    hasher = make(1, 5)
    [under_way] = await _verifying(hasher)
    await _until(lambda: gate.threads)
    [waiting] = await _verifying(hasher)
    for task in (under_way, waiting):
        task.cancel()
    with pytest.raises(HashingCancelled):
        await waiting
    with pytest.raises(asyncio.CancelledError) as given_up:
        await under_way
    assert given_up.type is asyncio.CancelledError
    gate.opened.set()
    assert await hasher.verify("password", "hash")
    assert len(gate.threads) == 2


async def test_some_places_are_reserved(make: _Make, gate: Gate) -> None:
    """Whoever comes with a right to them finds a place in a full queue, until those are taken too."""
    hasher = make(1, 1)
    others = await _verifying(hasher, 2)
    with pytest.raises(HashingOverloaded):
        await hasher.verify("x", "hash")
    known = [asyncio.create_task(hasher.verify("x", "hash", known_user=True)) for _ in range(argon2._RESERVED_PLACES)]
    await asyncio.sleep(0)
    with pytest.raises(HashingOverloaded):
        await hasher.verify("x", "hash", known_user=True)
    gate.opened.set()
    assert all(await asyncio.gather(*others, *known))
    assert all(await asyncio.gather(*await _verifying(hasher, 2)))


async def test_places_are_given_back(make: _Make, gate: Gate) -> None:
    """When the passwords are hashed there is room for as many again."""
    hasher = make(1, 1)
    gate.opened.set()
    for _ in range(3):
        assert await asyncio.gather(*await _verifying(hasher, 2)) == [True, True]


async def test_places_are_given_back_after_a_failure(make: _Make, gate: Gate) -> None:
    """A hash that fails takes its place with it no more than one that succeeds."""
    hasher = make(1, 0)
    gate.error = RuntimeError("out of order")
    gate.opened.set()
    for _ in range(3):
        with pytest.raises(RuntimeError, match="out of order"):
            await hasher.hash("x")


async def test_who_stops_waiting_gives_the_place_back(make: _Make, gate: Gate) -> None:
    """A request cancelled in the queue makes room at once, and its password is never hashed."""
    hasher = make(1, 1)
    first, second = await _verifying(hasher, 2)
    await _until(lambda: gate.threads)
    second.cancel()
    await asyncio.wait([second])
    (third,) = await _verifying(hasher)
    gate.opened.set()
    assert all(await asyncio.gather(first, third))
    assert second.cancelled()
    assert len(gate.threads) == 2


async def test_a_hash_under_way_keeps_its_place(make: _Make, gate: Gate) -> None:
    """A request cancelled while its password is hashed makes room when the thread is free, and not before."""
    hasher = make(1, 0)
    (first,) = await _verifying(hasher)
    await _until(lambda: gate.threads)
    first.cancel()
    await asyncio.wait([first])
    with pytest.raises(HashingOverloaded):
        await hasher.verify("x", "hash")
    gate.opened.set()
    await _until(lambda: hasher._places._value == 1)  # nothing else shows it
    assert await hasher.verify("x", "hash")


async def test_only_its_threads_hash(make: _Make, gate: Gate) -> None:
    """No more hashes are under way than there are threads, so their memory is bounded; the event loop's is none."""
    hasher = make(2, 8)
    tasks = await _verifying(hasher, 6)
    await _until(lambda: len(gate.threads) == 2)
    gate.opened.set()
    await asyncio.gather(*tasks, hasher.hash("x"), hasher.verify_dummy("x"))
    assert len(gate.threads) == 8
    assert len(set(gate.threads)) == 2
    assert threading.get_ident() not in gate.threads


async def test_close_lets_hashes_under_way_finish(make: _Make, gate: Gate) -> None:
    """A hash that has begun is answered, those that wait are dropped."""
    hasher = make(1, 1)
    first, second = await _verifying(hasher, 2)
    await _until(lambda: gate.threads)
    closing = asyncio.create_task(asyncio.to_thread(hasher.close))
    await _until(second.done)
    assert not first.done()
    gate.opened.set()
    await closing
    assert await first
    assert second.cancelled()


async def test_two_hashes_at_once_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that enter Argon2id at the same moment do not wait for each other for ever."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=64, iterations=1), threads=2, queue=20)
    hashed = await hasher.hash("correct horse")
    together = threading.Barrier(2)

    class Together:
        @staticmethod
        def verify_phc_encoded(password: bytes, hashed: str) -> None:
            together.wait(_LONG)
            Argon2id.verify_phc_encoded(password, hashed)

    monkeypatch.setattr(argon2, "Argon2id", Together)
    async with asyncio.timeout(_LONG):
        assert all(await asyncio.gather(*(hasher.verify("correct horse", hashed) for _ in range(20))))
    hasher.close()


async def test_a_thread_that_cannot_start_costs_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system gives no thread, the place in the queue is free again."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=1, queue=0)

    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(hasher._executor, "submit", no_thread)
        with pytest.raises(RuntimeError):
            await hasher.hash("a password")
    assert await hasher.verify("a password", await hasher.hash("a password"))
    hasher.close()


async def test_short_memory_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory to verify a password, nobody is told that it is wrong."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=1, queue=0)
    hashed = await hasher.hash("a password")

    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("app.adapters.passwords.argon2._matches", no_memory)
    with pytest.raises(HashingOverloaded):
        await hasher.verify("a password", hashed)
    hasher.close()
