"""Stores of the service and of a command: prepared, opened, and closed after the last audit records are in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from ..adapters.telemetry.audit_recorder import AuditRecorder
from ..domain.errors import StoreUnavailable
from ..ports.session_store import SessionStore
from .container import Container
from .settings import Settings
from .start_log import place_of, waiting_for

_LAST_SAVE_SECONDS: Final = 5.0


async def prepare_stores(settings: Settings) -> None:
    """Create or upgrade the schemas of the stores and check their configuration, once for all workers.

    Raises ``ConfigurationError`` for an unusable store, and ``StoreUnavailable``.
    """
    await prepare(Container(settings=settings).distinct_stores())


async def prepare(stores: Sequence[SessionStore]) -> None:
    """Prepare these stores, as ``prepare_stores`` does, and log which one the start waits for."""
    for store in stores:
        async with waiting_for(place_of(store)):
            await store.prepare()


@asynccontextmanager
async def opened(stores: Sequence[SessionStore]) -> AsyncIterator[None]:
    """Open prepared stores, and close them at the end; raises ``ConfigurationError`` and ``StoreUnavailable``."""
    async with AsyncExitStack() as cleanup:
        for store in stores:
            cleanup.push_async_callback(store.close)
            async with waiting_for(place_of(store)):
                await store.open()
        yield


async def save_last_records(recorder: AuditRecorder) -> None:
    """Save the waiting audit records when an instance ends; after 5 seconds, log how many were not saved."""
    try:
        async with asyncio.timeout(_LAST_SAVE_SECONDS):
            await recorder.save(last=True)
    except (StoreUnavailable, TimeoutError):
        recorder.give_up()
