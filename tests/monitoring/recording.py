"""Records the metrics of running services, as Prometheus scrapes them."""

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from .rules import metrics_of_the_rules

SCRAPE_SECONDS: Final = 15
"""The time between two scrapes."""

_TIMEOUT_SECONDS: Final = 5.0


@dataclass
class Watched:
    """A running program: the URL of its metrics, and what happens to it before each scrape, by the scrape's number."""

    metrics: str
    act: Callable[[int], object] = field(default=lambda number: None)


Scenario = Callable[[Path], AbstractContextManager[Watched]]


@dataclass(frozen=True)
class Recording:
    """The values of each series, ``None`` where a scrape had none. ``began`` is the time of the first scrape (seconds
    since the epoch).
    """

    job: str
    began: float
    series: Mapping[str, list[float | None]]

    def write(self, file: Path) -> None:
        """Write the recording to a file: of each series the values, and how often each stands in turn."""
        packed = {name: [[each, len(list(same))] for each, same in groupby(self.series[name])] for name in self.series}
        lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in sorted(packed.items())]
        series = ",\n".join(lines)
        file.write_text(f'{{"job": "{self.job}", "began": {self.began}, "series": {{\n{series}\n}}}}\n')

    @classmethod
    def read(cls, file: Path) -> "Recording":
        """Return the recording of a file."""
        members: dict[str, Any] = json.loads(file.read_text())
        packed = members.pop("series")
        series = {name: [each for each, count in values for _ in range(count)] for name, values in packed.items()}
        return cls(**members, series=series)


def record(scenarios: Mapping[str, tuple[str, Scenario]], folder: Path, *, scrapes: int) -> dict[str, Recording]:
    """Run all scenarios at the same time and scrape each of them. Return the recordings by the scenarios' names.

    ``scenarios`` has the job and the program of each name.
    """
    with ExitStack() as running, ThreadPoolExecutor(len(scenarios)) as threads:
        watched = {}
        for name, (_, scenario) in scenarios.items():
            (folder / name).mkdir()
            watched[name] = running.enter_context(scenario(folder / name))
        began = time.time()
        recorders = {name: _Recorder(watched[name], scenarios[name][0]) for name in watched}
        for number in _ticks(scrapes):
            list(threads.map(lambda each, number=number: each.scrape(number), recorders.values()))
    return {name: Recording(each.job, began, each.series) for name, each in recorders.items()}


def _ticks(count: int) -> Iterator[int]:
    begun = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number * SCRAPE_SECONDS - time.monotonic()))
        yield number


class _Recorder:
    def __init__(self, watched: Watched, job: str) -> None:
        self.job = job
        self.series: dict[str, list[float | None]] = {}
        self._watched = watched
        self._named = f'instance="127.0.0.1:9464",job="{job}"'
        self._metrics = metrics_of_the_rules()

    def scrape(self, number: int) -> None:
        """Let happen what happens, and scrape."""
        self._watched.act(number)
        samples = self._samples()
        samples[f"up{{{self._named}}}"] = float(bool(samples))
        for name in {*self.series, *samples}:
            values = self.series.setdefault(name, [None] * number)
            value = samples.get(name)
            values.append(None if value is None else round(value, 3))

    def _samples(self) -> dict[str, float]:
        try:
            with urllib.request.urlopen(self._watched.metrics, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310  # a URL of ours
                text = response.read().decode()
        except OSError:
            return {}
        return {
            _series(sample.name, sample.labels, self._named): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name in self._metrics
        }


def _series(name: str, labels: Mapping[str, str], named: str) -> str:
    assert not any(re.search(r'["\\\n]', value) for value in labels.values())
    own = (f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{','.join([named, *own])}}}"
