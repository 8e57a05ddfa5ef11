"""The contract of ``check`` of a store (``app.ports.session_store``), for a store whose writes a test can block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

import pytest

from ..domain.errors import StoreUnavailable
from ..ports.session_store import SessionStore, StoreOptions
from .opened_stores import HEALING_SECONDS, healed
from .sentences import must_raise, only_errors_of_the_port
from .session_store import OPTIONS
from .sessions import assert_same, new_session
from .store_acts import acts_of

_ONLY_READS = "check returned while writes are blocked: it only reads, so the service stays ready and /readyz stays 200"
_ACKNOWLEDGES = "add returned while writes are blocked: it acknowledges a session that is not stored"


class BlockedWrites:
    """A store that answers reads and refuses writes is noticed. An adapter overrides ``store`` and ``blocked``."""

    pytestmark = pytest.mark.asyncio

    def store(self, options: StoreOptions = OPTIONS) -> SessionStore:
        """Return a new store that is not open, over the storage of this test, which is empty and not prepared."""
        raise NotImplementedError

    def blocked(self) -> AbstractContextManager[None]:
        """Let the storage refuse all changes while the context is open. It answers reads as before."""
        raise NotImplementedError

    async def test_check_notices_that_writes_are_blocked(self) -> None:
        """While writes are blocked, ``check`` raises ``StoreUnavailable``, and a session can be read. Soon afterwards
        ``check`` returns and a session can be added, with the same store.
        """
        async with self._opened() as store:
            await store.check()
            with self.blocked():
                for _ in range(2):
                    with must_raise(StoreUnavailable, _ONLY_READS):
                        await store.check()
                assert_same(await store.sessions.find(new_session(1).session_id), new_session(1))
            await healed(store, seconds=HEALING_SECONDS)
            await store.sessions.add(new_session(2))

    async def test_check_says_why_writes_are_blocked(self) -> None:
        """The error of ``check`` has a fault, and a text that says more than the description that clients get. A store
        whose connection has broken may need one check to find that out.
        """
        async with self._opened() as store:
            with self.blocked():
                for _ in range(2):
                    error = await _fault_of(store)
            assert error.fault != "no_answer", "check gives the fault no_answer, although reads are answered"
            assert str(error) != error.description, "the error of check does not say what the store answered"

    async def test_check_changes_no_session(self) -> None:
        """A check changes no session and sets no cut-off, also when several run at once."""
        async with self._opened() as store:
            await asyncio.gather(*(store.check() for _ in range(4)))
            assert_same(await store.sessions.find(new_session(1).session_id), new_session(1))
            assert await store.sessions.find_cut_off() is None, "check sets a cut-off"

    async def test_blocked_writes_raise_errors_of_the_port_only(self) -> None:
        """While writes are blocked, no act of any port raises an exception of the driver. A session that cannot be
        added is refused.
        """
        async with self._opened() as store:
            with self.blocked():
                for name, act in acts_of(store, new_session(1)).items():
                    with only_errors_of_the_port(name, "while writes are blocked"):
                        await act()
                with must_raise(
                    StoreUnavailable,
                    "add returned while writes are blocked: it acknowledges a session that is not stored",
                ):
                    await store.sessions.add(new_session(3))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[SessionStore]:
        """Yield an open store with one session."""
        await self.store().prepare()
        store = self.store()
        await store.open()
        try:
            await store.sessions.add(new_session(1))
            yield store
        finally:
            await store.close()


async def _fault_of(store: SessionStore) -> StoreUnavailable:
    try:
        await store.check()
    except StoreUnavailable as error:
        return error
    raise AssertionError(_ONLY_READS)
