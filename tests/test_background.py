"""What an instance does beside answering requests."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from app.adapters.http.readiness import Readiness
from app.adapters.memory.store import MemoryStore
from app.background import keep_up_with_revocations
from app.domain.errors import StoreUnavailable
from app.domain.services.revocation import Revocation
from app.ports.store import StoreOptions

from .builders import NOW


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

    async def learn(self, since: float) -> float:
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
        task = asyncio.create_task(keep_up_with_revocations(revocation, self.stores, self.readiness, since=NOW))
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
