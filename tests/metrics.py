"""Reading metrics, as Prometheus does."""

from collections.abc import Mapping
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

_Series = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """What a scrape has brought."""

    def __init__(self, samples: Mapping[_Series, float]) -> None:
        self.samples = samples

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text format; no series may stand in it twice."""
        samples: dict[_Series, float] = {}
        for family in text_string_to_metric_families(text):
            for each in family.samples:
                series = (each.name, frozenset(each.labels.items()))
                assert series not in samples, series
                samples[series] = each.value
        return cls(samples)

    def value(self, name: str, /, **labels: str) -> float | None:
        """Return the value of ``keyturn_NAME`` with exactly these labels, ``None`` if there is no such series."""
        return self.samples.get((f"keyturn_{name}", frozenset(labels.items())))

    def total(self, name: str, /, **labels: str) -> float:
        """Return the sum of all series of ``keyturn_NAME`` that have these labels."""
        found = [
            value for (each, its), value in self.samples.items() if each == f"keyturn_{name}" and labels.items() <= its
        ]
        return sum(found)

    def names(self) -> set[str]:
        """Return the names of all series."""
        return {name for name, _ in self.samples}
