"""The benchmark runs. What it measures here means nothing: each measurement takes milliseconds."""

import json
from pathlib import Path

import pytest

from scripts.benchmark import parts, report, suite
from scripts.benchmark.__main__ import measure
from scripts.benchmark.figures import Figure, Run
from scripts.benchmark.stores import STORES

TINY = suite.Scale(
    few=40,
    many=200,
    stored=200,
    stored_in_valkey=100,
    seconds=0,
    rounds=2,
    profile_seconds=0.1,
    pace=0.05,
    sessions=40,
    cold_starts=0,
)


def test_whole_run() -> None:
    """A run of everything has a row for each name and store, and its tables name all rows and parts."""
    run = measure(TINY, tuple(STORES))
    names = [figure.name for figure in run.figures]
    assert len(set(names)) == len(names)
    assert all(figure.cost > 0 and figure.limit > 0 for figure in run.figures)
    for store in STORES:
        refresh = "POST /auth/refresh" if store == "memory" else f"POST /auth/refresh on {store}"
        assert refresh in names
        assert refresh in [profile.name for profile in run.profiles]
        assert f"p99 of GET /auth/me beside refreshes on {store}" in names
    for profile in run.profiles:
        assert profile.parts.keys() <= set(parts.PARTS)
        assert sum(map(profile.share, parts.PARTS)) == pytest.approx(1)
    read = Run.from_json(json.loads(json.dumps(run.as_json())))
    assert all(name in report.table(read) and name in report.comparison(run, read) for name in names)
    assert all(part in report.profile_table(read) for part in parts.PARTS)
    assert "another limit" not in report.comparison(run, read)


def test_file_of_an_older_version() -> None:
    """A run of an older version is read and compared, also where a row has another limit now."""
    figure = Figure.of_size("a session", 100.0)
    new = Run(made_at="", machine="", python="", quick=True, rounds=2, figures=[figure])
    old = new.as_json()
    del old["profiles"]
    del old["figures"][0]["rate_ratio"]
    old["figures"][0]["limit_name"] = "1 MiB"
    assert "another limit" in report.comparison(Run.from_json(old), new)


def test_every_file_of_the_service_belongs_to_a_part() -> None:
    """Each file that a request can run through belongs to a part, also one that is new."""
    app = Path("app").resolve()
    for folder in ("adapters", "domain", "ports", "service"):
        for file in (app / folder).rglob("*.py"):
            if file.name != "__init__.py":
                assert parts.part_of_file(str(file)) is not None, file
