"""Watch what an instance needs to serve: its stores and a signing key. This decides whether it is ready."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from ..adapters.http.server.readiness import WITHOUT_KEY, WITHOUT_STORE, Readiness
from ..domain.clocks.errors import ClockInDoubt
from ..domain.errors import KeyturnError, StoreUnavailable
from ..domain.keys.lifecycle import KeyLifecycle
from ..ports.session_store import SessionStore
from ..ports.telemetry import Telemetry

_LOG: Final = logging.getLogger("keyturn")

_ROUND_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 3.0
"""A store that has not answered a check by then is at fault, also if the time limit of its requests is longer."""

_NAMES: Final = ("sessions", "users")
"""What the stores keep, in their order."""


class StoreWatch:
    """Checks the stores once a second, however often somebody asks whether the instance is ready. The store of the
    sessions is the first one.
    """

    def __init__(
        self, stores: Sequence[SessionStore], keys: KeyLifecycle, readiness: Readiness, telemetry: Telemetry
    ) -> None:
        self._stores = dict(zip(_NAMES, stores, strict=False))
        self._keys = keys
        self._readiness = readiness
        self._telemetry = telemetry
        self._logged: dict[str, str] = {}

    async def run(self) -> None:
        """Check every second until the task is cancelled. A failed round does not end it."""
        while True:
            await asyncio.sleep(_ROUND_SECONDS)
            try:
                await self.check()
            except Exception:  # noqa: BLE001  # a bug in one round must not end the task
                _LOG.exception("checking the stores failed")

    async def check(self) -> None:
        """Check each store and the signing key once. What is wrong is in the readiness, the log and the metrics."""
        faults = await asyncio.gather(*(self._check(name, store) for name, store in self._stores.items()))
        self._readiness.set_fault(WITHOUT_STORE, next((fault for fault in faults if fault is not None), None))
        self._readiness.set_fault(WITHOUT_KEY, self._fault_of_keys())

    async def _check(self, name: str, store: SessionStore) -> str | None:
        """Return the fault of a store, or ``None``."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await store.check()
        except StoreUnavailable as error:
            return self._note(name, error)
        except TimeoutError:
            return self._note(name, StoreUnavailable(text=f"no answer within {_PATIENCE_SECONDS:.0f} seconds"))
        if self._logged.pop(name, None) is not None:
            _LOG.info("a store serves again", extra={"fields": {"store": name}})
        return None

    def _note(self, name: str, error: StoreUnavailable) -> str:
        """Count the fault, and log it if it is new."""
        self._telemetry.store_check_failed(store=name, fault=error.fault)
        if self._logged.get(name) != error.fault:
            self._logged[name] = error.fault
            _LOG.error(
                "a store does not serve: sign-in and refresh are refused until it does",
                extra={"fields": {"store": name, "fault": error.fault, "cause": str(error)}},
            )
        return error.fault

    def _fault_of_keys(self) -> str | None:
        try:
            self._keys.signing_kid()
        except ClockInDoubt:
            return None  # the clock is at fault, and the readiness says so
        except KeyturnError as error:
            if "keys" not in self._logged:
                self._logged["keys"] = str(error)
                _LOG.error(
                    "nothing can sign, so sign-in and refresh fail: %s", error.__cause__ or error
                )  # the text is enough
            return "no_active_key"
        if self._logged.pop("keys", None) is not None:
            _LOG.info("a key signs again")
        return None
