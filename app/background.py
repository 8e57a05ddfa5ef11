"""What an instance does beside answering requests: it forgets what has had its time, and keeps up with the others."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from .adapters.http.readiness import Readiness
from .domain.errors import StoreUnavailable
from .domain.services.retention import Retention
from .domain.services.revocation import Revocation
from .ports.store import SessionStore

_LOG: Final = logging.getLogger("keyturn")

_SWEEP_SECONDS: Final = 1.0
_LEARN_SECONDS: Final = 1.0


async def keep_sweeping(retention: Retention) -> None:
    """Sweep every second, for ever; without the store there is nothing to sweep."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            with suppress(StoreUnavailable):
                await retention.sweep()
        except Exception:  # noqa: BLE001  # a bug in one sweep must not end all of them
            _LOG.exception("retention failed")


async def keep_up_with_revocations(
    revocation: Revocation, stores: Sequence[SessionStore], readiness: Readiness, *, since: float
) -> None:
    """Learn what other instances revoked, from ``since`` on, as soon as their store tells or every second, for ever;
    note whether the stores answer. ``stores`` begins with that of the sessions.
    """
    sessions, *others = stores
    while True:
        await sessions.await_revocation(seconds=_LEARN_SECONDS)
        try:
            since = await revocation.learn(since)
            for store in others:
                await store.check()
        except StoreUnavailable:
            _note(readiness, stores_answer=False)
        except Exception:  # noqa: BLE001  # a bug in one round must not end all of them
            _LOG.exception("keeping up with revocations failed")
        else:
            _note(readiness, stores_answer=True)


def _note(readiness: Readiness, *, stores_answer: bool) -> None:
    if readiness.stores_answer and not stores_answer:
        _LOG.error("a store does not answer: sign-in and refresh are refused until it does")
    if stores_answer and not readiness.stores_answer:
        _LOG.info("the stores answer again")
    readiness.stores_answer = stores_answer
