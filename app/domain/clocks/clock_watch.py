"""Judge the clock of this machine, again and again."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from ...ports.store_clock import StoreClock
from ..errors import StoreUnavailable
from .trusted_clock import TrustedClock

_LOG: Final = logging.getLogger("keyturn.clock")

_ACCEPTED_AFTER: Final = 60.0
"""Seconds. A step that has lasted so long is accepted if no other clock says what is right."""

_DRIFT: Final = 0.001
"""Without another clock, the wall clock may drift by a millisecond a second from the steady one."""


class ClockWatch:
    """Compares the clock with the store's. If the store has none (``store_clock`` is ``None``), compares it with the
    time that has passed since the start by the steady clock.

    ``reload`` reads all revocations at the time that it is given, and returns from when on to read the next ones. It is
    called after a step, before the clock is believed again. ``hold_after_step`` is for how many seconds nothing may be
    deleted after a step was accepted that no other clock confirms.
    """

    def __init__(
        self,
        *,
        clock: TrustedClock,
        store_clock: StoreClock | None,
        reload: Callable[[float], Awaitable[float]],
        hold_after_step: float,
    ) -> None:
        self._clock = clock
        self._store_clock = store_clock
        self._reload = reload
        self._hold_after_step = hold_after_step
        self._hold_until = 0.0
        self._compared_at = clock.steady()
        self._stepped_to: float | None = None
        self._stepped_at = 0.0
        self._resume_from: float | None = None
        self._logged = False
        self.difference = 0.0

    @property
    def reason(self) -> str:
        """Why this instance is not ready, in a sentence; "" while the clock is right."""
        if not self._clock.is_in_doubt:
            return ""
        if abs(self.difference) <= self._clock.tolerance:
            return "The clock of this machine has just stepped."
        where = "ahead of" if self.difference > 0 else "behind"
        other = "its own start and the time since" if self._store_clock is None else "the clock of the store"
        return f"The clock of this machine is {abs(self.difference):,.0f} s {where} {other}."

    def may_delete(self) -> bool:
        """Return whether the time has been certain for long enough to delete what is old."""
        return not self._clock.is_in_doubt and self._clock.steady() >= self._hold_until

    def take_resume_from(self) -> float | None:
        """Return once, after revocations were loaded again, from when on to read the next ones."""
        resume_from, self._resume_from = self._resume_from, None
        return resume_from

    async def check(self) -> None:
        """Compare the clocks; raises ``StoreUnavailable``. Call this every second.

        A difference of more than the tolerance is logged as an error. The clock is not believed until it is resolved,
        and all revocations were loaded again.
        """
        try:
            base, uncertainty = await self._right_base()
        except StoreUnavailable:
            self.difference = self._clock.offset() - self._clock.base
            self._log_doubt()
            raise
        self.difference = self._clock.offset() - base
        if abs(self.difference) > self._clock.tolerance + uncertainty:
            self._clock.distrust()
        self._log_doubt()
        if abs(self.difference) <= self._clock.tolerance + uncertainty or self._accepts_step():
            await self._believe(base, uncertainty)

    async def _right_base(self) -> tuple[float, float]:
        """Return the right time minus the steady time, and by how much it is uncertain, in seconds."""
        if self._store_clock is None:
            return self._drifted_base(), 0.0
        before = self._clock.steady()
        now = await self._store_clock.now()
        after = self._clock.steady()
        return now - (before + after) / 2, (after - before) / 2

    def _drifted_base(self) -> float:
        """Return the base as it was, moved towards the wall clock by as much as clocks drift."""
        steady, base = self._clock.steady(), self._clock.base
        drift = _DRIFT * (steady - self._compared_at)
        self._compared_at = steady
        difference = self._clock.offset() - base
        if abs(difference) > self._clock.tolerance:
            return base
        return base + max(-drift, min(drift, difference))

    def _accepts_step(self) -> bool:
        """Return whether the clock has stepped, has shown the new time for a minute, and no other clock contradicts."""
        if self._store_clock is not None:
            return False
        steady, offset = self._clock.steady(), self._clock.offset()
        if self._stepped_to is None or abs(offset - self._stepped_to) > self._clock.tolerance:
            self._stepped_to, self._stepped_at = offset, steady
        return steady - self._stepped_at >= _ACCEPTED_AFTER

    async def _believe(self, base: float, uncertainty: float) -> None:
        """Believe the clock; after a doubt, load all revocations first."""
        accepted = abs(self.difference) > self._clock.tolerance + uncertainty
        if accepted:
            base = self._clock.offset()
        if self._clock.is_in_doubt:
            self._resume_from = await self._reload(base + self._clock.steady())
            self._log_end(accepted=accepted)
        self._stepped_to = None
        self._clock.trust(base, uncertainty=uncertainty)
        if accepted:
            self._hold_until = self._clock.steady() + self._hold_after_step
            self.difference = 0.0

    def _log_doubt(self) -> None:
        if self._clock.is_in_doubt and not self._logged:
            self._logged = True
            _LOG.error(
                "%s Requests that need the time get 503, and nothing is deleted, until the clock is right", self.reason
            )

    def _log_end(self, *, accepted: bool) -> None:
        self._logged = False
        if accepted:
            _LOG.error("the step of the clock has lasted a minute, so the new time is believed")
        else:
            _LOG.warning("the clock of this machine is right again")
