"""The contract of ``check`` of a store (``app.ports.session_store``), for a store whose writes a test can block."""

import asyncio
from contextlib import AbstractContextManager

import pytest

from ..domain.errors import StoreUnavailable
from ..ports.session_store import SessionStore, StoreOptions
from .session_store import OPTIONS
from .sessions import assert_same, new_session

_HEALING_SECONDS = 5.0
_POLL_SECONDS = 0.05


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
        store = await self._opened()
        await store.check()
        with self.blocked():
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await store.check()
            assert_same(await store.sessions.find(new_session(1).session_id), new_session(1))
        async with asyncio.timeout(_HEALING_SECONDS + OPTIONS.timeout):
            await self._healed(store)
        await store.sessions.add(new_session(2))
        await store.close()

    async def test_check_says_why_writes_are_blocked(self) -> None:
        """The error of ``check`` has a fault, and a text that says more than the description that clients get. A store
        whose connection has broken may need one check to find that out.
        """
        store = await self._opened()
        with self.blocked():
            for _ in range(2):
                with pytest.raises(StoreUnavailable) as raised:
                    await store.check()
        assert raised.value.fault != "no_answer", "check gives no fault, although reads are answered"
        assert str(raised.value) != raised.value.description, "the error of check does not say what the store answered"
        await store.close()

    async def test_check_changes_no_session(self) -> None:
        """A check changes no session and sets no cut-off, also when several run at once."""
        store = await self._opened()
        await asyncio.gather(*(store.check() for _ in range(4)))
        assert_same(await store.sessions.find(new_session(1).session_id), new_session(1))
        assert await store.sessions.find_cut_off() is None, "check sets a cut-off"
        await store.close()

    async def _opened(self) -> SessionStore:
        """Return an open store with one session."""
        await self.store().prepare()
        store = self.store()
        await store.open()
        await store.sessions.add(new_session(1))
        return store

    async def _healed(self, store: SessionStore) -> None:
        while True:
            try:
                await store.check()
            except StoreUnavailable:
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return
