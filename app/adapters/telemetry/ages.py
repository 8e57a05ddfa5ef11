"""Ages of what a process did last. A process keeps the moment, and each scrape makes an age of it."""

import time
from collections.abc import Iterable
from typing import Final

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

AGE: Final = "keyturn_caught_up_age_seconds"
"""The gauge whose values are kept as moments."""


def this_moment() -> float:
    """Return the moment in seconds, by a clock that all processes of a machine share and that nobody sets."""
    return time.monotonic()


class AgesFromMoments(Collector):
    """Collects the metrics of another collector, with ages in the place of moments.

    So an age is right at the scrape, whatever the clock of Prometheus says and however rarely it scrapes. It also grows
    while a worker hangs, because another worker reads the moment.
    """

    def __init__(self, moments: Collector | CollectorRegistry) -> None:
        self._moments = moments

    def collect(self) -> Iterable[Metric]:
        now = this_moment()
        for family in self._moments.collect():
            if family.name == AGE:
                family.samples = [each._replace(value=max(0.0, now - each.value)) for each in family.samples]
            yield family
