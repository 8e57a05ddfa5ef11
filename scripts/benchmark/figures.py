"""The figures of a run, as they are printed and stored in bench.json."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from .rounds import Reading, Row, Samples

_KIBIBYTE: Final = 1024.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. Cost and limit are in ``unit``, latencies in milliseconds. ``low`` and ``high`` are the quartiles of the
    ratio. ``rate_ratio`` is the rate of the requests, divided by the limit's.
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
    rate_ratio: float | None = None

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
            rate_ratio=statistics.median(samples.rates) if row.by_rate else None,
        )

    @classmethod
    def of_size(cls, name: str, size: float, *, aim: float | None = None) -> Self:
        """Return the figure of a number of bytes, compared with 1 KiB. ``aim`` is the most bytes."""
        ratio = size / _KIBIBYTE
        return cls(
            name=name,
            unit="B",
            cost=size,
            limit=_KIBIBYTE,
            limit_name="1 KiB",
            reading=Reading.TIMES.name,
            ratio=ratio,
            low=ratio,
            high=ratio,
            cost_aim=aim,
        )

    def meets_aim(self) -> bool | None:
        """Return whether the aim is met by the CPU time, or ``None`` if there is none."""
        if self.cost_aim is not None:
            return self.cost <= self.cost_aim
        if self.aim is None:
            return None
        more_is_better = self.reading in (Reading.SHARE.name, Reading.PAIR.name)
        return self.ratio >= self.aim if more_is_better else self.ratio <= self.aim

    def meets_aim_by_rate(self) -> bool:
        """Return whether the rate meets the aim, too. A row that is not judged by its rate does."""
        return self.aim is None or self.rate_ratio is None or self.rate_ratio >= self.aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where the CPU time of a refresh goes: microseconds of each part. They were found from ``samples`` samples."""

    name: str
    samples: int
    parts: dict[str, float]

    def share(self, part: str) -> float:
        """Return the share of a part."""
        return self.parts.get(part, 0.0) / sum(self.parts.values())

    def standard_error(self, part: str) -> float:
        """Return the standard error of the microseconds of a part, which comes from the number of samples."""
        share = self.share(part)
        return float((share * (1 - share) / max(self.samples, 1)) ** 0.5 * sum(self.parts.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the benchmark."""

    made_at: str
    machine: str
    python: str
    quick: bool
    rounds: int
    figures: Sequence[Figure]
    profiles: Sequence[Profile] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the content of bench.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Self:
        """Return the run that bench.json describes. One of an older version has no profiles."""
        figures = [Figure(**each) for each in members["figures"]]
        profiles = [Profile(**each) for each in members.get("profiles", ())]
        return cls(**{**members, "figures": figures, "profiles": profiles})
