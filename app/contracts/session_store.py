"""The contract of a store (``app.ports.session_store``): how it is prepared, opened and closed."""

import asyncio
from dataclasses import replace

import pytest

from ..domain.errors import ConfigurationError
from ..ports.session_store import SessionStore, StoreOptions
from .sentences import must_raise
from .sessions import LATER, advance, assert_same, began_at, new_session, revocations, revoke, revoked, rotated

OPTIONS = StoreOptions(timeout=20.0, connections=3)


class SessionStoreContract:
    """Every method does what its docstring says. An adapter overrides ``store``."""

    pytestmark = pytest.mark.asyncio

    def store(self, options: StoreOptions = OPTIONS) -> SessionStore:
        """Return a new store that is not open, over the storage of this test. At first the storage is empty and not
        prepared.
        """
        raise NotImplementedError

    async def test_prepare_and_open(self) -> None:
        """A store can be prepared without being opened. After ``open`` it answers and stores sessions."""
        await self.store().prepare()
        store = self.store()
        await store.open()
        await store.check()
        await store.sessions.add(new_session())
        assert_same(await store.sessions.find(new_session().session_id), new_session())
        await store.close()

    async def test_prepare_again_changes_nothing(self) -> None:
        """A repeated or concurrent ``prepare`` keeps the stored data."""
        await asyncio.gather(*(self.store().prepare() for _ in range(4)))
        store = self.store()
        await store.open()
        await store.sessions.add(new_session())
        await store.prepare()
        assert_same(await store.sessions.find(new_session().session_id), new_session())
        await store.close()

    async def test_close_in_any_state(self) -> None:
        """A store can be closed before ``open``, after it, and twice."""
        store = self.store()
        await store.close()
        await store.prepare()
        store = self.store()
        await store.open()
        await store.close()
        await store.close()

    async def test_await_revocation_returns_in_time(self) -> None:
        """``await_revocation`` returns within its time, also when it is called again."""
        store = self.store()
        await store.prepare()
        await store.open()
        await store.sessions.add(new_session())
        await revoke(store.sessions, new_session())
        async with asyncio.timeout(OPTIONS.timeout):
            for _ in range(3):
                await store.await_revocation(seconds=0.05)
        await store.close()

    async def test_prepare_refuses_replicas_that_do_not_exist(self) -> None:
        """``prepare`` refuses options that ask for more replicas than the store has."""
        with must_raise(ConfigurationError, "prepare accepted nine replicas that the store does not have"):
            await self.store(replace(OPTIONS, replicas=9)).prepare()


class DurableStoreContract(SessionStoreContract):
    """Acknowledged changes survive closing and opening the store again."""

    async def test_acknowledged_changes_survive_a_restart(self) -> None:
        """A rotated session, a revocation and the cut-off survive closing and opening the store again."""
        await self.store().prepare()
        first = self.store()
        await first.open()
        ended = began_at(3, new_session().created_at - 2)
        for session in (new_session(1), new_session(2), ended):
            await first.sessions.add(session)
        assert await advance(first.sessions, new_session(1)), "advance refused a live session"
        assert await revoke(first.sessions, new_session(2)), "revoke returned False for a live session"
        await first.sessions.set_cut_off(ended.auth_time())
        await first.close()
        await self.store().prepare()
        second = self.store()
        await second.open()
        assert_same(await second.sessions.find(new_session(1).session_id), rotated(new_session(1)))
        assert_same(await second.sessions.find(new_session(2).session_id), revoked(new_session(2)))
        listed = [each.session_id for each in await revocations(second.sessions, LATER)]
        assert listed == [new_session(2).session_id], "a revocation is not listed after a restart"
        assert await second.sessions.find_cut_off() == ended.auth_time(), "the cut-off did not survive a restart"
        assert_same(await second.sessions.find(ended.session_id), ended.ended_by(ended.auth_time()))
        await second.close()
