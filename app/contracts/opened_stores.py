"""Open a store for a while, and wait until it works again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from ..domain.errors import StoreUnavailable
from ..ports.session_repository import SessionRepository
from ..ports.session_store import SessionStore

Maker = Callable[[], SessionStore]
"""Return a new store that is not open, over the storage of a test. It is pickled for other processes, so it must be a
class, a function of a module, or a ``partial`` of one.
"""

HEALING_SECONDS: Final = 25.0
_POLL_SECONDS: Final = 0.05


@asynccontextmanager
async def opened(maker: Maker) -> AsyncIterator[SessionStore]:
    """Open a store, and close it afterwards."""
    store = maker()
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def opened_sessions(maker: Maker) -> AsyncIterator[SessionRepository]:
    """Open a store, and return its sessions."""
    async with opened(maker) as store:
        yield store.sessions


async def healed(store: SessionStore, *, seconds: float) -> None:
    """Return when ``check`` returns. Fail if that takes longer than ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            while not await _works(store):  # noqa: ASYNC110  # no event tells
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise AssertionError(
            f"{seconds:g} seconds after the storage works again, check still raises StoreUnavailable: the store keeps a"
            " broken connection, or the first fault"
        ) from None


async def _works(store: SessionStore) -> bool:
    try:
        await store.check()
    except StoreUnavailable:
        return False
    return True
