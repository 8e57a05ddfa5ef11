"""Measures a cost and its limit side by side, on a machine whose speed changes all the time.

The cost of a row and its limit are measured in turn, many times, each for a fraction of a second. So both are affected
when the machine slows down. A row's ratio is the median of its rounds' ratios.
"""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .load import Burst


@dataclass(frozen=True, slots=True)
class Measurement:
    """The CPU seconds of one operation, and the burst if it was a request."""

    cpu: float
    burst: Burst | None = None

    def per_second(self) -> float:
        """Return the requests per second, or how often one core can do the operation in a second."""
        return 1 / self.cpu if self.burst is None else self.burst.per_second


Probe = Callable[[], Measurement]
"""Measures something for a fraction of a second."""


class Reading(Enum):
    """How the ratio of a row is computed from its cost and its limit."""

    SHARE = "limit / cost"
    TIMES = "cost / limit"
    EXTRA = "cost / limit - 1"
    PAIR = "2 * limit / cost"

    def ratio(self, cost: float, limit: float) -> float:
        """Return the ratio."""
        match self:
            case Reading.SHARE:
                return limit / cost
            case Reading.TIMES:
                return cost / limit
            case Reading.EXTRA:
                return cost / limit - 1
            case Reading.PAIR:
                return 2 * limit / cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A cost and its limit. ``aim`` is for the ratio, ``cost_aim`` for the cost in seconds.

    With ``by_rate`` the requests per second are compared with the limit's, too: they also fall when the server waits.
    """

    name: str
    limit_name: str
    probe: Probe
    limit: Probe
    reading: Reading
    aim: float | None = None
    cost_aim: float | None = None
    by_rate: bool = False


@dataclass(slots=True)
class Samples:
    """The measurements of one row."""

    costs: list[float] = field(default_factory=list)
    limits: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    bursts: list[Burst] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """Measure one round: the limit, the cost, and the limit again."""
        before, measured, after = row.limit(), row.probe(), row.limit()
        self.costs.append(measured.cpu)
        self.limits.append((before.cpu + after.cpu) / 2)
        if measured.burst is not None:
            self.bursts.append(measured.burst)
            self.rates.append(2 * measured.burst.per_second / (before.per_second() + after.per_second()))


def run(rows: Sequence[Row], *, seconds: float, at_least: int) -> list[Samples]:
    """Measure all rows, round after round, for about ``seconds`` and ``at_least`` so many rounds. The first round warms
    up and is dropped.
    """
    until = time.monotonic() + seconds
    for row in rows:
        Samples().take(row)
    samples = [Samples() for _ in rows]
    for row, taken in itertools.cycle(zip(rows, samples, strict=True)):
        if time.monotonic() > until and len(taken.costs) >= at_least:
            break
        taken.take(row)
    return samples
