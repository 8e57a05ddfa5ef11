"""Parse metrics as Prometheus does."""

from collections.abc import Mapping
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

_Series = tuple[str, frozenset[tuple[str, str]]]


class Metrics:
    """The samples of one scrape."""

    def __init__(self, samples: Mapping[_Series, float]) -> None:
        self.samples = samples

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text format. A series that occurs twice is an error."""
        samples: dict[_Series, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                series = (sample.name, frozenset(sample.labels.items()))
                assert series not in samples, series
                samples[series] = sample.value
        return cls(samples)

    def value(self, name: str, /, **labels: str) -> float | None:
        """Return the value of ``keyturn_NAME`` with exactly these labels; ``None`` if there is no such series."""
        return self.samples.get((f"keyturn_{name}", frozenset(labels.items())))

    def total(self, name: str, /, **labels: str) -> float:
        """Return the sum of all series of ``keyturn_NAME`` that have these labels."""
        return sum(
            value
            for (series_name, series_labels), value in self.samples.items()
            if series_name == f"keyturn_{name}" and labels.items() <= series_labels
        )

    def names(self) -> set[str]:
        """Return the names of all series."""
        return {name for name, _ in self.samples}
