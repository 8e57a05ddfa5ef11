"""The clock of this machine, which is not believed after a step."""

from math import inf
from typing import Final

from ...ports.clock import Clock
from .errors import ClockInDoubt

_LEAST_TOLERANCE: Final = 1.0
"""Seconds. Reading two clocks one after the other may take so long on a busy machine."""


_SHORT_WHILE: Final = 0.25
"""Seconds. A reading that is so little after the last compared one is no step, so it costs no second reading."""


class TrustedClock(Clock):
    """The wall clock, compared with the steady clock when it is read.

    ``base`` is the right time minus the steady time, as far as it is known. The wall clock may differ from the sum of
    both by ``tolerance`` seconds. Once it differs by more it is in doubt, also if it seems right again later, until
    ``trust`` is called. ``leeway`` is how much two clocks may differ, in seconds; less than one counts as one. Any
    thread may read the clock while another one calls ``trust``.
    """

    def __init__(self, clock: Clock, *, leeway: float) -> None:
        self._clock = clock
        self._read = clock.now
        self.tolerance = max(float(leeway), _LEAST_TOLERANCE)
        self.base = self.offset()
        self._believed = (0.0, 0.0)
        self._compared_from = self._compared_to = 0.0
        self.trust(self.base)

    def now(self) -> float:
        """Return the time of the wall clock, in seconds since the epoch; raises ``ClockInDoubt``."""
        now = self._read()
        if self._compared_from <= now <= self._compared_to:
            return now
        return self._compared(now)

    def steady(self) -> float:
        return self._clock.steady()

    def offset(self) -> float:
        """Return the wall clock minus the steady clock, in seconds, also while the clock is in doubt."""
        return self._clock.now() - self._clock.steady()

    def best_guess(self) -> float:
        """Return the time by the steady clock, in seconds since the epoch, also while the wall clock is in doubt."""
        return self.base + self._clock.steady()

    def wall(self) -> float:
        """Return the time of the wall clock, in seconds since the epoch, also while it is in doubt."""
        return self._clock.now()

    def reconsider(self) -> None:
        """Believe the wall clock again if it agrees with ``base``. For users that have forgotten nothing by it."""
        if abs(self.offset() - self.base) <= self.tolerance:
            self.trust(self.base)

    @property
    def is_in_doubt(self) -> bool:
        """Return whether ``now`` raises ``ClockInDoubt``, whatever the wall clock shows."""
        lowest, highest = self._believed
        return lowest > highest

    def trust(self, base: float, *, uncertainty: float = 0.0) -> None:
        """Believe the wall clock while it differs from ``base`` by no more than the tolerance, and ``uncertainty``."""
        self.base = base
        self._compared_from, self._compared_to = inf, -inf
        self._believed = base - self.tolerance - uncertainty, base + self.tolerance + uncertainty

    def distrust(self) -> None:
        """Let ``now`` raise ``ClockInDoubt`` until ``trust`` is called."""
        self._believed = inf, -inf
        self._compared_from, self._compared_to = inf, -inf

    def _compared(self, now: float) -> float:
        """Return ``now`` if it agrees with the steady clock. Read both once more if it does not: this process may have
        been stopped between the two readings.
        """
        lowest, highest = self._believed
        if not lowest <= now - self._clock.steady() <= highest:
            now = self._clock.now()
            if not lowest <= now - self._clock.steady() <= highest:
                self.distrust()
                raise ClockInDoubt
        self._compared_from, self._compared_to = now, now + _SHORT_WHILE
        return now
