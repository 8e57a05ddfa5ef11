"""More refreshes come than the service can answer: it answers most of what it can, and no session ends."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from aiohttp import ClientSession, ClientTimeout

from app.domain.sessions import ratchet
from scripts.benchmark import cores
from scripts.benchmark.population import numbered_token
from tests.conftest import Proof

from .backends import ALL_KINDS, backend
from .open_load import OpenLoad, Tally
from .processes import Service, running

_SEEDED: Final = ("-m", "scripts.benchmark.seeded", "serve")
_SETTINGS: Final = {
    "REPLAY_WINDOW": "10s",
    "REFRESH_TIMEOUT": "1s",
    "LOG_LEVEL": "warning",
    "ACCESS_LOG": "0",
}
_START_SECONDS: Final = 300.0
_AT_ONCE: Final = 64
_PROBE_SECONDS: Final = 0.05
_FEWEST_SECONDS: Final = 20
"""Shares and times are checked in runs of at least so long. In a short one, a pause of the machine would decide."""

_GOODPUT: Final = 0.8
_REFUSAL_SECONDS: Final = 0.1
_PROBE_MEDIAN_SECONDS: Final = 0.25


class Probes:
    """Requests that somebody else sends meanwhile: their statuses and durations."""

    def __init__(self, url: str, access_token: str) -> None:
        self._requests = {"/readyz": {}, "/auth/me": {"Authorization": f"Bearer {access_token}"}}
        self._url = url
        self.statuses: dict[str, set[int]] = {path: set() for path in self._requests}
        self.seconds: dict[str, list[float]] = {path: [] for path in self._requests}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Probes"]:
        """Send requests until the context ends."""
        async with ClientSession(self._url, timeout=ClientTimeout(60)) as client:
            tasks = [asyncio.create_task(self._probe(client, path)) for path in self._requests]
            yield self
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _probe(self, client: ClientSession, path: str) -> None:
        while True:
            began = time.perf_counter()
            async with client.get(path, headers=self._requests[path]) as answer:
                await answer.read()
            self.seconds[path].append(time.perf_counter() - began)
            self.statuses[path].add(answer.status)
            await asyncio.sleep(_PROBE_SECONDS)


@pytest.mark.proof("overload")
@pytest.mark.parametrize("kind", ALL_KINDS)
async def test_overload_ends_no_session(
    kind: str, proof: Proof, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients ask at 2 and at 5 times the capacity, and retry as they are told. Those that are refused learn it at
    once, others are served as without overload, and afterwards every session goes on.
    """
    sessions = proof.count("sessions", small=400, full=40_000)
    seconds = proof.count("seconds", small=1, full=60)
    monkeypatch.setenv("SEED", f"0 {sessions}")
    with (
        backend(kind, tmp_path) as store,
        cores.children_run_on(cores.MEASURED),
        running(
            tmp_path, {**store.settings, **_SETTINGS}, command=(sys.executable, *_SEEDED), start_seconds=_START_SECONDS
        ) as service,
        _own_core(),
    ):
        assert os.sched_getaffinity(0) == {cores.DRIVING}
        assert os.sched_getaffinity(service.pid) == {cores.MEASURED}
        load = OpenLoad(service.port, [ratchet.encode(numbered_token(each)) for each in range(sessions)])
        await _overload(service, load, proof, seconds=seconds)
        await load.settle()
        load.close()
    assert not load.tally.ended


@contextmanager
def _own_core() -> Iterator[None]:
    """Let this process, which stands for other machines, run on another core than the service."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cores.DRIVING})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _overload(service: Service, load: OpenLoad, proof: Proof, *, seconds: int) -> None:
    capacity, cpu = await _capacity(service, load, seconds / 4)
    async with Probes(service.url, await load.access_token()).running() as probes:
        for factor in (2, 5):
            before, used = capacity, cores.process_seconds(service.pid)
            tally = await load.open(seconds, rate=factor * capacity)
            used = cores.process_seconds(service.pid) - used
            capacity, without = await _capacity(service, load, seconds / 4)
            micros = [round(each * 1e6) for each in (cpu, used / tally.statuses[200], without)]
            proof.measured(f"{factor}x, CPU time for each that was granted, before, meanwhile and after, in µs", micros)
            _check(tally, proof, factor=factor, seconds=seconds, capacity=(before + capacity) / 2)
            cpu = without
    assert probes.statuses == {"/readyz": {200}, "/auth/me": {200}}
    for path, durations in probes.seconds.items():
        proof.measured(f"{path} median ms", _milliseconds(durations))
        assert seconds < _FEWEST_SECONDS or median(durations) <= _PROBE_MEDIAN_SECONDS


async def _capacity(service: Service, load: OpenLoad, seconds: float) -> tuple[float, float]:
    """Return how many refreshes are answered in a second without overload, beside the same clients, and the seconds of
    CPU time for each.
    """
    began, used = time.perf_counter(), cores.process_seconds(service.pid)
    tally = await load.closed(seconds, at_once=_AT_ONCE)
    elapsed = time.perf_counter() - began
    return tally.statuses[200] / elapsed, (cores.process_seconds(service.pid) - used) / tally.statuses[200]


def _check(tally: Tally, proof: Proof, *, factor: int, seconds: int, capacity: float) -> None:
    share = tally.statuses[200] / seconds / capacity
    proof.measured(
        f"{factor}x",
        {
            "capacity": round(capacity),
            "sent": tally.sent,
            "not sent": tally.not_sent,
            "statuses": dict(tally.statuses),
            "lost": tally.lost,
            "goodput": round(share, 3),
            "granted median ms": _milliseconds(tally.granted_after),
            "refused median ms": _milliseconds(tally.refused_after),
        },
    )
    assert not tally.ended
    assert set(tally.statuses) <= {200, 503}
    assert tally.statuses[200]
    if seconds >= _FEWEST_SECONDS:
        assert share >= _GOODPUT
        assert median(tally.refused_after) <= _REFUSAL_SECONDS


def _milliseconds(durations: Sequence[float]) -> float | None:
    return round(median(durations) * 1000, 1) if durations else None
