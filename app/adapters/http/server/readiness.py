"""Whether this instance is ready for requests."""

from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import web

HEALTH_PATHS: Final = frozenset({"/livez", "/readyz"})
"""The paths that answer before the start is complete."""

CLOCK_IN_DOUBT: Final = "clock in doubt"
WITHOUT_STORE: Final = "without store"
WITHOUT_REVOCATIONS: Final = "without revocations"
WITHOUT_KEY: Final = "without signing key"


class Readiness:
    """The state of this instance: it is ready from its start until it drains, while nothing is at fault.

    ``clock_fault`` says why the clock is not believed; it is "" if it is.
    """

    def __init__(self) -> None:
        self.started = False
        self.draining = False
        self.clock_fault: Callable[[], str] = str
        self._faults: dict[str, str] = {}

    def set_fault(self, state: str, reason: str | None) -> None:
        """Say that the instance is in a state such as ``WITHOUT_STORE`` for a reason, or with ``None`` that it is not.

        Anybody can read the reason. It is a word or two, such as ``disk_full``.
        """
        if reason is None:
            self._faults.pop(state, None)
        else:
            self._faults[state] = reason

    @property
    def faults(self) -> Mapping[str, str]:
        """The states that keep a running instance from being ready, and the reason of each."""
        clock_fault = self.clock_fault()
        return {CLOCK_IN_DOUBT: clock_fault, **self._faults} if clock_fault else self._faults

    def __str__(self) -> str:
        if self.draining:
            return "draining"
        if self.clock_fault():
            return CLOCK_IN_DOUBT
        if not self.started:
            return "starting"
        return next(iter(self._faults), "ready")

    def __bool__(self) -> bool:
        return str(self) == "ready"


READINESS: Final = web.AppKey("keyturn_readiness", Readiness)
