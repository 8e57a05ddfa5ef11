"""The parts of ``StoreContract``: each contract, on the store of a URL."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, ClassVar, NamedTuple

import pytest
import pytest_asyncio

from ..ports.session_store import SessionStore, StoreOptions
from .blocked_writes import BlockedWrites
from .killed_process import KilledProcess
from .opened_stores import Maker, opened_sessions
from .session_processes import Opener, SessionProcesses
from .session_store import OPTIONS, DurableStoreContract
from .time_limits import TimeLimits

Part = tuple[type, ...]
"""The base classes of a class of tests."""


class Kind(NamedTuple):
    """The stores of a ``StoreContract``."""

    make: Callable[[str, StoreOptions], SessionStore]
    options: StoreOptions
    in_memory: bool


class OfStore:
    """Gives a contract the store of a test."""

    kind: ClassVar[Kind]

    @pytest.fixture(autouse=True)
    def _url(self, url: str) -> None:
        self.url = url

    def store(self, options: StoreOptions = OPTIONS) -> SessionStore:
        """Return a new store that is not open."""
        return self.kind.make(self.url, self.kind.options if options is OPTIONS else options)

    def maker(self) -> Maker:
        """Return a function that makes the store, here and in other processes."""
        return partial(self.kind.make, self.url, self.kind.options)


class _Repositories(OfStore):
    """Opens stores, one for each connection, and gives a contract one member of each."""

    member: ClassVar[str]

    @classmethod
    def repository_of(cls, store: Any) -> Any:
        """Return what the contract tests."""
        return getattr(store, cls.member)

    @pytest_asyncio.fixture(autouse=True)
    async def _opened(self, _url: None) -> AsyncIterator[None]:
        self.opened: list[SessionStore] = []
        if getattr(self.store(), self.member, None) is None:
            pytest.skip(f"the store has no {self.member}")
        yield
        for store in self.opened:
            await store.close()

    async def connections(self, n: int) -> Sequence[Any]:
        """Return ``n`` repositories, each of a store of its own, if the storage is not in memory."""
        stores = [self.store()] if self.kind.in_memory else [self.store() for _ in range(n)]
        await stores[0].prepare()
        for store in stores:
            self.opened.append(store)
            await store.open()
        return [self.repository_of(store) for store in (stores * n if self.kind.in_memory else stores)]


def part(contract: type, member: str, repository_of: Callable[[Any], Any] | None = None) -> Part:
    """Return a contract on the member of a store that has this name. ``repository_of`` returns it, if it is more."""
    members: dict[str, Any] = {"member": member}
    if repository_of is not None:
        members["repository_of"] = staticmethod(repository_of)
    return (type(f"_{contract.__name__}", (_Repositories,), members), contract)


class _SweptSessions:
    """The sessions and the sweeper of a store in one object, as the contract of the sweeper needs them."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store.sweeper if hasattr(self._store.sweeper, name) else self._store.sessions, name)


def swept_sessions(store: SessionStore) -> Any:
    """Return an object with the methods of the sessions and of the sweeper of ``store``."""
    swept: Any = store.sessions
    return swept if store.sweeper is swept else _SweptSessions(store)


class DurableStore(OfStore, DurableStoreContract):
    """The contract of a store whose content survives."""


class SharedStore(OfStore, SessionProcesses):
    """The races between processes."""

    @pytest_asyncio.fixture(autouse=True)
    async def _prepared(self, _url: None) -> None:
        await self.store().prepare()

    def opener(self) -> Opener:
        """Return a function that opens the sessions."""
        return partial(opened_sessions, self.maker())


class KilledStore(OfStore, KilledProcess):
    """The end of a process by SIGKILL."""


class BlockedStore(OfStore, BlockedWrites):
    """What happens while writes are blocked."""

    @pytest.fixture(autouse=True)
    def _blocked(self, blocked: Callable[[], AbstractContextManager[None]]) -> None:
        self._block = blocked

    def blocked(self) -> AbstractContextManager[None]:
        """Block the writes as the fixture ``blocked`` does."""
        return self._block()


class DelayedStore(OfStore, TimeLimits):
    """What happens while answers are late."""

    @pytest.fixture(autouse=True)
    def _delayed(self, delayed: Callable[[float], AbstractContextManager[None]]) -> None:
        self._delay = delayed

    def delayed(self, seconds: float) -> AbstractContextManager[None]:
        """Delay the answers as the fixture ``delayed`` does."""
        return self._delay(seconds)
