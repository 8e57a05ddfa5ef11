"""The contract of a store (``app.ports.store``): its life, from URL to end."""

import asyncio
from dataclasses import replace

import pytest

from ..domain.errors import ConfigurationError
from ..domain.sessions.session import RevocationReason
from ..ports.session_store import SessionStore, StoreOptions
from .session_kit import LATER, advance, assert_same, new_session, rotated

OPTIONS = StoreOptions(timeout=20.0, connections=3)


class SessionStoreContract:
    """Every method does what its docstring says; an adapter overrides ``store``."""

    pytestmark = pytest.mark.asyncio

    def store(self, options: StoreOptions = OPTIONS) -> SessionStore:
        """Return a store over what this test has, new and not open; at first that is empty and was never prepared."""
        raise NotImplementedError

    async def test_a_store_is_prepared_and_opened(self) -> None:
        """Preparing needs no opening; then it answers and keeps sessions."""
        await self.store().prepare()
        store = self.store()
        await store.open()
        await store.check()
        await store.sessions.add(new_session())
        assert_same(await store.sessions.find(new_session().session_id), new_session())
        await store.close()

    async def test_preparing_again_changes_nothing(self) -> None:
        """A second time, and several at once, keep what is there."""
        await asyncio.gather(*(self.store().prepare() for _ in range(4)))
        store = self.store()
        await store.open()
        await store.sessions.add(new_session())
        await store.prepare()
        assert_same(await store.sessions.find(new_session().session_id), new_session())
        await store.close()

    async def test_it_can_be_closed_whatever_was_done(self) -> None:
        """Unopened, open, and closed already."""
        store = self.store()
        await store.close()
        await store.prepare()
        store = self.store()
        await store.open()
        await store.close()
        await store.close()

    async def test_waiting_for_revocations_ends(self) -> None:
        """It returns after the time at the latest, and again and again."""
        store = self.store()
        await store.prepare()
        await store.open()
        await store.sessions.add(new_session())
        await store.sessions.revoke(new_session().session_id, reason=RevocationReason.LOGOUT, now=LATER)
        async with asyncio.timeout(OPTIONS.timeout):
            for _ in range(3):
                await store.await_revocation(seconds=0.05)
        await store.close()

    async def test_what_cannot_be_confirmed_is_not_promised(self) -> None:
        """Of a store that has no replicas, or fewer, none can be asked to confirm: that is said at the start."""
        with pytest.raises(ConfigurationError):
            await self.store(replace(OPTIONS, replicas=9)).prepare()


class DurableStoreContract(SessionStoreContract):
    """What was acknowledged is there after an end and a new start."""

    async def test_what_was_acknowledged_survives_its_end(self) -> None:
        """A session as it was last, and what was revoked."""
        await self.store().prepare()
        first = self.store()
        await first.open()
        for number in (1, 2):
            await first.sessions.add(new_session(number))
        assert await advance(first.sessions, new_session(1))
        assert await first.sessions.revoke(new_session(2).session_id, reason=RevocationReason.LOGOUT, now=LATER)
        await first.close()
        await self.store().prepare()
        second = self.store()
        await second.open()
        assert_same(await second.sessions.find(new_session(1).session_id), rotated(new_session(1)))
        [revocation] = await second.sessions.list_revocations(LATER)
        assert revocation.session_id == new_session(2).session_id
        await second.close()
