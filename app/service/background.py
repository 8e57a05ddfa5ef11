"""What an instance does beside answering requests: it forgets what has had its time, and keeps up with the others."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from ..adapters.http.server.readiness import Readiness
from ..adapters.telemetry.audit_recorder import AuditRecorder
from ..domain.errors import ConfigurationError, StoreUnavailable
from ..domain.keys.lifecycle import KeyLifecycle
from ..domain.keys.reload import KeyReload
from ..domain.keys.rotation import KeyRotation
from ..domain.sessions.retention import Retention
from ..domain.sessions.revocation import Revocation
from ..ports.session_store import SessionStore
from ..ports.telemetry import Telemetry

_LOG: Final = logging.getLogger("keyturn")

_SWEEP_SECONDS: Final = 1.0
_LEARN_SECONDS: Final = 1.0
_EVENTS_SECONDS: Final = 1.0
_LAST_EVENTS_SECONDS: Final = 5.0
_KEYS_SECONDS: Final = 2.0
_MEASURE_SECONDS: Final = 1.0
_ROUNDS_OF_REST: Final = 30
"""After a ring could not be changed: each try makes a key, which takes a core for a while."""


async def keep_sweeping(retention: Retention) -> None:
    """Sweep every second, for ever; without the store there is nothing to sweep."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            with suppress(StoreUnavailable):
                await retention.sweep()
        except Exception:  # noqa: BLE001  # a bug in one sweep must not end all of them
            _LOG.exception("retention failed")


async def keep_events(recorder: AuditRecorder) -> None:
    """Keep the audit events that wait, every second, for ever; while the database is away they wait on."""
    while True:
        await asyncio.sleep(_EVENTS_SECONDS)
        try:
            with suppress(StoreUnavailable):
                await recorder.keep()
        except Exception:  # noqa: BLE001  # a bug in one round must not end all of them
            _LOG.exception("keeping audit events failed")


async def keep_last_events(recorder: AuditRecorder) -> None:
    """Keep what waits when an instance ends, within a few seconds; what cannot be kept is in the log."""
    try:
        async with asyncio.timeout(_LAST_EVENTS_SECONDS):
            await recorder.keep()
    except (StoreUnavailable, TimeoutError):
        recorder.give_up()


async def keep_up_with_revocations(
    revocation: Revocation,
    stores: Sequence[SessionStore],
    readiness: Readiness,
    telemetry: Telemetry,
    *,
    since: float,
) -> None:
    """Learn what other instances revoked, from ``since`` on, as soon as their store tells or every second, for ever;
    note whether the stores answer. ``stores`` begins with that of the sessions.
    """
    sessions, *others = stores
    while True:
        await sessions.await_revocation(seconds=_LEARN_SECONDS)
        try:
            since = await revocation.sync_revocations(since)
            telemetry.caught_up("revocations")
            for store in others:
                await store.check()
        except StoreUnavailable:
            _note(readiness, stores_answer=False)
        except Exception:  # noqa: BLE001  # a bug in one round must not end all of them
            _LOG.exception("keeping up with revocations failed")
        else:
            _note(readiness, stores_answer=True)


async def keep_measuring_keys(keys: KeyLifecycle, telemetry: Telemetry, *, period: int | None) -> None:
    """Tell every second which keys there are, for ever: time alone changes what state they are in."""
    while True:
        telemetry.signing_keys(keys.keys(), keys.states(), period=period)
        await asyncio.sleep(_MEASURE_SECONDS)


async def bring_up_keys(keys: KeyLifecycle, rotation: KeyRotation | None) -> None:
    """Load the keys, and make those that are missing; raises ``ConfigurationError`` and ``StoreUnavailable``."""
    await keys.load()
    if rotation is not None:
        with suppress(ConfigurationError):  # such as a directory that cannot be written: what there is may do
            while await rotation.maintain(keys.keys()):
                await keys.load()
    keys.signing_kid()


async def keep_up_with_keys(
    keys: KeyLifecycle, rotation: KeyRotation | None, reload: KeyReload, telemetry: Telemetry
) -> None:
    """Follow what others do to the keys, and rotate them at their times, for ever. Where that fails, the keys in use
    stay in use.
    """
    if rotation is None:
        return
    fault = ""
    rest = 0
    while True:
        await reload.wait(seconds=_KEYS_SECONDS)
        rest = max(0, rest - 1)
        try:
            await keys.load()
            if not rest and await rotation.maintain(keys.keys()):
                await keys.load()
        except StoreUnavailable:
            continue
        except ConfigurationError as error:
            rest = _ROUNDS_OF_REST
            if str(error) != fault:
                fault = str(error)
                _LOG.error("the signing keys cannot be followed: %s", fault)  # no bug: the text says all
        except Exception:  # noqa: BLE001  # a bug in one round must not end all of them
            _LOG.exception("keeping up with the keys failed")
        else:
            telemetry.caught_up("keys")
            fault = fault if rest else ""


def _note(readiness: Readiness, *, stores_answer: bool) -> None:
    if readiness.stores_answer and not stores_answer:
        _LOG.error("a store does not answer: sign-in and refresh are refused until it does")
    if stores_answer and not readiness.stores_answer:
        _LOG.info("the stores answer again")
    readiness.stores_answer = stores_answer
