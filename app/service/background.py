"""The background tasks of an instance. Each repeats its work until it is cancelled; a failed round does not end it."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from ..adapters.http.server.door import Door
from ..adapters.http.server.readiness import WITHOUT_REVOCATIONS, Readiness
from ..adapters.telemetry.audit_recorder import AuditRecorder
from ..adapters.telemetry.logs import dropped_lines
from ..domain.clocks.clock_watch import ClockWatch
from ..domain.clocks.errors import ClockInDoubt
from ..domain.errors import ConfigurationError, StoreUnavailable
from ..domain.keys.errors import NoActiveKey
from ..domain.keys.lifecycle import KeyLifecycle
from ..domain.keys.reload import KeyReload
from ..domain.keys.rotation import KeyRotation
from ..domain.overload.timed_queue import TimedQueue
from ..domain.sessions.retention import Retention
from ..domain.sessions.revocation import Revocation
from ..ports.session_store import SessionStore
from ..ports.telemetry import Telemetry

_LOG: Final = logging.getLogger("keyturn")

_SWEEP_SECONDS: Final = 1.0
_SYNC_SECONDS: Final = 1.0
_SAVE_SECONDS: Final = 1.0
_CLOCK_SECONDS: Final = 1.0
_KEYS_SECONDS: Final = 2.0
_MEASURE_SECONDS: Final = 1.0
_OVERLOAD_LOG_SECONDS: Final = 10.0
_MAX_CHANGES_AT_START: Final = 5
"""A key that the store has, but that cannot be read, keeps each new one from being added."""

_ROUNDS_AFTER_FAILURE: Final = 30
"""Rounds to skip after the keys could not be changed: each attempt generates a key, which takes a core up to seconds.
"""


async def sweep_periodically(retention: Retention, watch: ClockWatch) -> None:
    """Delete old data every second. While the store does not answer or the time is not certain, nothing is deleted."""
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        try:
            with suppress(StoreUnavailable, ClockInDoubt):
                if watch.may_delete():
                    await retention.sweep()
        except Exception:  # noqa: BLE001  # a bug in one round must not end the task
            _LOG.exception("retention failed")


async def save_records_periodically(recorder: AuditRecorder) -> None:
    """Save the waiting audit records every second. They wait while the database does not answer."""
    while True:
        await asyncio.sleep(_SAVE_SECONDS)
        try:
            with suppress(StoreUnavailable):
                await recorder.save()
        except Exception:  # noqa: BLE001  # a bug in one round must not end the task
            _LOG.exception("keeping audit events failed")


async def sync_revocations_periodically(
    revocation: Revocation,
    sessions: SessionStore,
    readiness: Readiness,
    telemetry: Telemetry,
    *,
    watch: ClockWatch,
    since: float,
) -> None:
    """Read the revocations of other instances from ``since`` on: every second, and when the store signals one.

    Also store in ``readiness`` whether that works. While the clock is in doubt, nothing is read: afterwards ``watch``
    reads everything again.
    """
    while True:
        await sessions.await_revocation(seconds=_SYNC_SECONDS)
        resume_from = watch.take_resume_from()
        since = since if resume_from is None else resume_from
        try:
            with suppress(ClockInDoubt):
                since = await revocation.sync_revocations(since)
                telemetry.caught_up("revocations")
        except StoreUnavailable as error:
            readiness.set_fault(WITHOUT_REVOCATIONS, error.fault)
        except Exception:  # noqa: BLE001  # a bug in one round must not end the task
            _LOG.exception("keeping up with revocations failed")
        else:
            readiness.set_fault(WITHOUT_REVOCATIONS, None)


async def watch_clock_periodically(watch: ClockWatch, telemetry: Telemetry) -> None:
    """Compare the clock with the store's every second. While the store does not answer, the last comparison counts."""
    while True:
        await asyncio.sleep(_CLOCK_SECONDS)
        try:
            with suppress(StoreUnavailable):
                await watch.check()
        except Exception:  # noqa: BLE001  # a bug in one round must not end the task
            _LOG.exception("comparing the clocks failed")
        telemetry.clock_compared(watch.difference)


async def measure_keys_periodically(keys: KeyLifecycle, telemetry: Telemetry, *, period: int | None) -> None:
    """Report the signing keys to telemetry every second, because their states change with time."""
    while True:
        with suppress(ClockInDoubt):
            telemetry.signing_keys(keys.keys(), keys.states(), period=period)
        await asyncio.sleep(_MEASURE_SECONDS)


async def count_dropped_lines_periodically(telemetry: Telemetry) -> None:
    """Report the lines that the log drops to telemetry every second."""
    counted = dropped_lines()
    while True:
        await asyncio.sleep(_MEASURE_SECONDS)
        dropped = dropped_lines()
        telemetry.log_lines_dropped(dropped - counted)
        counted = dropped


async def report_overload_periodically(door: Door, queues: Mapping[str, TimedQueue], telemetry: Telemetry) -> None:
    """Report the requests that wait, and those that were refused because too many did, to telemetry every second.

    ``queues`` has the queue of each path. The log gets a line at most every 10 seconds.
    """
    refused: Counter[str] = Counter()
    log_again_at = 0.0
    while True:
        await asyncio.sleep(_MEASURE_SECONDS)
        now = asyncio.get_running_loop().time()
        waiting = {path: queue.waiting for path, queue in queues.items()}
        for path, number in waiting.items():
            telemetry.requests_waiting(route=path, number=number)
        for (path, reason), number in door.take_refused().items():
            telemetry.requests_refused(route=path, reason=reason, number=number)
            refused[f"{path} {reason}"] += number
        if refused and now >= log_again_at:
            fields = {"refused": dict(refused), "waiting": waiting}
            _LOG.warning("overloaded: more requests for tokens come than can be answered", extra={"fields": fields})
            refused.clear()
            log_again_at = now + _OVERLOAD_LOG_SECONDS


async def load_or_make_keys(keys: KeyLifecycle, rotation: KeyRotation | None) -> None:
    """Load the keys, and make missing ones; raises ``ConfigurationError`` and ``StoreUnavailable``."""
    await keys.load()
    if rotation is not None:
        with suppress(ConfigurationError):  # a directory may be read-only, and its keys may be enough
            for _ in range(_MAX_CHANGES_AT_START):
                if not await rotation.maintain(keys.keys()):
                    break
                await keys.load()
    require_signing_key(keys)


def require_signing_key(keys: KeyLifecycle) -> None:
    """Raise ``ConfigurationError``, with the reason, if none of the loaded keys can sign now."""
    try:
        keys.signing_kid()
    except NoActiveKey as error:
        raise ConfigurationError(str(error.__cause__)) from error


async def maintain_keys_periodically(
    keys: KeyLifecycle, rotation: KeyRotation | None, reload: KeyReload, watch: ClockWatch, telemetry: Telemetry
) -> None:
    """Load the keys every 2 seconds and when a reload is requested, and rotate them when it is time.

    After a failure the instance uses the keys that it has.
    """
    if rotation is None:
        return
    last_fault = ""
    rounds_to_skip = 0
    while True:
        await reload.wait(seconds=_KEYS_SECONDS)
        rounds_to_skip = max(0, rounds_to_skip - 1)
        try:
            await keys.load()
            may_delete = watch.may_delete()
            if not rounds_to_skip and await rotation.maintain(keys.keys(), may_delete=may_delete):
                await keys.load()
        except (StoreUnavailable, ClockInDoubt):
            continue
        except ConfigurationError as error:
            rounds_to_skip = _ROUNDS_AFTER_FAILURE
            if str(error) != last_fault:
                last_fault = str(error)
                _LOG.error(
                    "the signing keys cannot be followed: %s", last_fault
                )  # the text is enough without a traceback
        except Exception:  # noqa: BLE001  # a bug in one round must not end the task
            _LOG.exception("keeping up with the keys failed")
        else:
            telemetry.caught_up("keys")
            last_fault = last_fault if rounds_to_skip else ""
