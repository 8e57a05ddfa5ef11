"""The bounded queue of passwords and the threads that hash them."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from app.adapters.passwords import argon2
from app.adapters.passwords.argon2 import Argon2Cost, Argon2PasswordHasher
from app.domain.login.errors import HashingCancelled, HashingOverloaded

_TIMEOUT_SECONDS = 30.0
_HASH = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43

_Make = Callable[[int, int], Argon2PasswordHasher]


class Gate:
    """Replaces Argon2id: every hash waits until the gate is open."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.threads: list[int] = []
        self.error: Exception | None = None

    def __call__(self, **_: object) -> "Gate":
        return self

    def derive_phc_encoded(self, _: bytes) -> str:
        self._wait()
        return _HASH

    def verify_phc_encoded(self, _: bytes, __: str) -> None:
        self._wait()

    def _wait(self) -> None:
        self.threads.append(threading.get_ident())
        if not self.is_open.wait(_TIMEOUT_SECONDS):
            raise TimeoutError
        if self.error is not None:
            raise self.error


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Return a closed gate. It is opened after the test, so that no thread keeps waiting."""
    gate = Gate()
    yield gate
    gate.is_open.set()


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, gate: Gate) -> Iterator[_Make]:
    """Return a function that makes a hasher with a number of threads and places, behind the gate."""
    hashers = []

    def make(threads: int, queue: int) -> Argon2PasswordHasher:
        hashers.append(Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=threads, queue=queue))
        monkeypatch.setattr(argon2, "Argon2id", gate)
        return hashers[-1]

    yield make
    gate.is_open.set()
    for hasher in hashers:
        hasher.close()


async def _start_verifying(hasher: Argon2PasswordHasher, count: int = 1) -> list[asyncio.Task[str | None]]:
    """Return verifications that the hasher has received."""
    tasks = [asyncio.create_task(hasher.verify(("password",), _HASH)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


async def _until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110  # a thread changes it, not a task
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("threads", "queue"), [(1, 0), (1, 2), (2, 1)])
async def test_a_full_queue_refuses_at_once(make: _Make, gate: Gate, threads: int, queue: int) -> None:
    """While every thread is busy and every place is taken, a further password is refused without waiting."""
    hasher = make(threads, queue)
    tasks = await _start_verifying(hasher, threads + queue)
    for refused in (hasher.hash("x"), hasher.verify(("x",), _HASH), hasher.verify_dummy(("x",))):
        with pytest.raises(HashingOverloaded):
            await refused
    gate.is_open.set()
    assert await asyncio.gather(*tasks) == ["password"] * (threads + queue)


async def test_cancelling_tells_whether_the_password_was_hashed(make: _Make, gate: Gate) -> None:
    """Cancelling a waiting password raises ``HashingCancelled``; cancelling one that is being hashed does not."""
    hasher = make(1, 5)
    [under_way] = await _start_verifying(hasher)
    await _until(lambda: gate.threads)
    [waiting] = await _start_verifying(hasher)
    for task in (under_way, waiting):
        task.cancel()
    with pytest.raises(HashingCancelled):
        await waiting
    with pytest.raises(asyncio.CancelledError) as given_up:
        await under_way
    assert given_up.type is asyncio.CancelledError
    gate.is_open.set()
    assert await hasher.verify(("password",), _HASH) is not None
    assert len(gate.threads) == 2


async def test_some_places_are_reserved(make: _Make, gate: Gate) -> None:
    """A known user finds a place in a full queue, until the reserved places are taken too."""
    hasher = make(1, 1)
    others = await _start_verifying(hasher, 2)
    with pytest.raises(HashingOverloaded):
        await hasher.verify(("x",), _HASH)
    reserved = range(argon2._RESERVED_PLACES)
    known = [asyncio.create_task(hasher.verify(("x",), _HASH, known_user=True)) for _ in reserved]
    await asyncio.sleep(0)
    with pytest.raises(HashingOverloaded):
        await hasher.verify(("x",), _HASH, known_user=True)
    gate.is_open.set()
    assert all(await asyncio.gather(*others, *known))
    assert all(await asyncio.gather(*await _start_verifying(hasher, 2)))


async def test_places_are_given_back(make: _Make, gate: Gate) -> None:
    """After the passwords are hashed there is room for as many again."""
    hasher = make(1, 1)
    gate.is_open.set()
    for _ in range(3):
        assert await asyncio.gather(*await _start_verifying(hasher, 2)) == ["password"] * 2


async def test_places_are_given_back_after_a_failure(make: _Make, gate: Gate) -> None:
    """A hash that fails gives its place back."""
    hasher = make(1, 0)
    gate.error = RuntimeError("out of order")
    gate.is_open.set()
    for _ in range(3):
        with pytest.raises(RuntimeError, match="out of order"):
            await hasher.hash("x")


async def test_a_cancelled_password_gives_its_place_back(make: _Make, gate: Gate) -> None:
    """A password that is cancelled in the queue gives its place back at once, and is never hashed."""
    hasher = make(1, 1)
    first, second = await _start_verifying(hasher, 2)
    await _until(lambda: gate.threads)
    second.cancel()
    await asyncio.wait([second])
    (third,) = await _start_verifying(hasher)
    gate.is_open.set()
    assert all(await asyncio.gather(first, third))
    assert second.cancelled()
    assert len(gate.threads) == 2


async def test_a_running_hash_keeps_its_place(make: _Make, gate: Gate) -> None:
    """A hash that is cancelled while it runs keeps its place until its thread is free."""
    hasher = make(1, 0)
    (first,) = await _start_verifying(hasher)
    await _until(lambda: gate.threads)
    first.cancel()
    await asyncio.wait([first])
    with pytest.raises(HashingOverloaded):
        await hasher.verify(("x",), _HASH)
    gate.is_open.set()
    await _until(lambda: hasher._places._value == 1)  # no method shows it
    assert await hasher.verify(("x",), _HASH) is not None


async def test_only_its_threads_hash(make: _Make, gate: Gate) -> None:
    """No more hashes run than there are threads, which bounds the memory. None runs on the event loop."""
    hasher = make(2, 8)
    tasks = await _start_verifying(hasher, 6)
    await _until(lambda: len(gate.threads) == 2)
    gate.is_open.set()
    await asyncio.gather(*tasks, hasher.hash("x"), hasher.verify_dummy(("x",)))
    assert len(gate.threads) == 8
    assert len(set(gate.threads)) == 2
    assert threading.get_ident() not in gate.threads


async def test_close_finishes_running_hashes(make: _Make, gate: Gate) -> None:
    """``close`` finishes a running hash and cancels those that wait."""
    hasher = make(1, 1)
    first, second = await _start_verifying(hasher, 2)
    await _until(lambda: gate.threads)
    closing = asyncio.create_task(asyncio.to_thread(hasher.close))
    await _until(second.done)
    assert not first.done()
    gate.is_open.set()
    await closing
    assert await first
    assert second.cancelled()


async def test_two_hashes_at_once_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that start Argon2id at the same moment do not wait for each other forever."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=64, iterations=1), threads=2, queue=20)
    hashed = await hasher.hash("correct horse")
    together = threading.Barrier(2)

    class Together:
        @staticmethod
        def verify_phc_encoded(password: bytes, hashed: str) -> None:
            together.wait(_TIMEOUT_SECONDS)
            Argon2id.verify_phc_encoded(password, hashed)

    monkeypatch.setattr(argon2, "Argon2id", Together)
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        assert all(await asyncio.gather(*(hasher.verify(("correct horse",), hashed) for _ in range(20))))
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
    assert await hasher.verify(("a password",), await hasher.hash("a password")) is not None
    hasher.close()


async def test_short_memory_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """If there is no memory to verify a password, the answer is an error, and not that the password is wrong."""
    hasher = Argon2PasswordHasher(cost=Argon2Cost(memory=8, iterations=1), threads=1, queue=0)
    hashed = await hasher.hash("a password")

    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("app.adapters.passwords.argon2._matches", no_memory)
    with pytest.raises(HashingOverloaded):
        await hasher.verify(("a password",), hashed)
    hasher.close()
