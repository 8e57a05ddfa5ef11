"""Log what a start waits for."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ..ports.session_store import SessionStore

_LOG: Final = logging.getLogger("keyturn")

_PATIENCE_SECONDS: Final = 2.0
"""A step that takes longer is logged."""


@asynccontextmanager
async def waiting_for(what: str) -> AsyncIterator[None]:
    """Log ``what`` after two seconds, and again after 4, 8, … seconds, until the context ends."""
    reports = asyncio.create_task(_report(what))
    try:
        yield
    finally:
        reports.cancel()


async def _report(what: str) -> None:
    seconds = pause = _PATIENCE_SECONDS
    while True:
        await asyncio.sleep(pause)
        _LOG.warning("waiting for %s", what, extra={"fields": {"seconds": round(seconds)}})
        pause, seconds = seconds, 2 * seconds


def place_of(store: SessionStore) -> str:
    """Return where a store is, without its password. A store of another package may not say that."""
    return store.place or type(store).__name__
