"""The figures of a run, as they are printed and stored in bench.json."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from .rounds import Reading, Row, Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. Cost and limit are in ``unit``, latencies in milliseconds. ``low`` and ``high`` are the quartiles of the
    ratio.
    """

    name: str
    unit: str
    cost: float
    limit: float
    limit_name: str
    reading: str
    ratio: float
    low: float
    high: float
    aim: float | None = None
    cost_aim: float | None = None
    p50: float | None = None
    p99: float | None = None
    per_second: float | None = None

    @classmethod
    def of(cls, row: Row, samples: Samples) -> Self:
        """Return the figures of a row: medians over its rounds, and percentiles over all its requests."""
        ratios = [row.reading.ratio(*pair) for pair in zip(samples.costs, samples.limits, strict=True)]
        low, ratio, high = statistics.quantiles(ratios, n=4)
        latencies = [latency * 1e3 for burst in samples.bursts for latency in burst.latencies]
        percentiles = statistics.quantiles(latencies, n=100) if latencies else None
        return cls(
            name=row.name,
            unit="µs",
            cost=statistics.median(samples.costs) * 1e6,
            limit=statistics.median(samples.limits) * 1e6,
            limit_name=row.limit_name,
            reading=row.reading.name,
            ratio=ratio,
            low=low,
            high=high,
            aim=row.aim,
            cost_aim=None if row.cost_aim is None else row.cost_aim * 1e6,
            p50=percentiles[49] if percentiles else None,
            p99=percentiles[98] if percentiles else None,
            per_second=statistics.median(burst.per_second for burst in samples.bursts) if samples.bursts else None,
        )

    def meets_aim(self) -> bool | None:
        """Return whether the aim is met, or ``None`` if there is none."""
        if self.cost_aim is not None:
            return self.cost < self.cost_aim
        if self.aim is None:
            return None
        more_is_better = self.reading in (Reading.SHARE.name, Reading.PAIR.name)
        return self.ratio >= self.aim if more_is_better else self.ratio <= self.aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the benchmark."""

    made_at: str
    machine: str
    python: str
    quick: bool
    rounds: int
    figures: Sequence[Figure]

    def as_json(self) -> dict[str, Any]:
        """Return the content of bench.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Self:
        """Return the run that bench.json describes."""
        return cls(**{**members, "figures": [Figure(**each) for each in members["figures"]]})
