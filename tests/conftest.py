"""What every test can ask for. It needs pytest and Hypothesis alone: the domain tests run where nothing else is."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

_SEED = 20_261_124
_FIGURES = pytest.StashKey[dict[str, dict[str, object]]]()

hypothesis.settings.register_profile("small", max_examples=30, deadline=None, derandomize=True)
hypothesis.settings.register_profile("full", max_examples=1_000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what scripts/prove sets."""
    group = parser.getgroup("keyturn")
    group.addoption("--full", action="store_true", help="run proofs at full counts instead of small ones")
    group.addoption("--proof", metavar="NAME", help="run the proofs of this name only")
    group.addoption("--figures", metavar="FILE", type=Path, help="write what the proofs measured to this file, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the counts."""
    config.addinivalue_line("markers", "proof(name): a test that scripts/prove runs at full counts")
    config.stash[_FIGURES] = {}
    hypothesis.settings.load_profile("full" if config.getoption("full") else "small")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave only the proofs, or those of one name, where they are asked for."""
    if not config.getoption("full"):
        return
    name = config.getoption("proof")
    chosen = [item for item in items if any(name in (None, *mark.args) for mark in item.iter_markers("proof"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


class Proof:
    """Gives a test its counts, and keeps what it measured."""

    def __init__(self, *, full: bool, seed: int) -> None:
        self._full = full
        self._seed = seed
        self.figures: dict[str, object] = {}

    def count(self, name: str, *, small: int, full: int) -> int:
        """Return how often to do something, and note it under ``name``."""
        count = full if self._full else small
        self.figures[name] = count
        return count

    def seed(self) -> int:
        """Return what to seed a random choice with, and note it: scripts/prove chooses another one each time."""
        self.figures["seed"] = self._seed
        return self._seed

    def measured(self, name: str, value: object) -> None:
        """Note a figure for the report."""
        self.figures[name] = value


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Proof]:
    """Return this test's counts."""
    seed = request.config.getoption("hypothesis_seed")
    proof = Proof(full=request.config.getoption("full"), seed=_SEED if seed is None else int(seed))
    yield proof
    request.config.stash[_FIGURES][request.node.nodeid] = proof.figures


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell and write what the proofs measured, and which of them were skipped."""
    figures = config.stash[_FIGURES]
    if not config.getoption("full"):
        return
    skipped = sorted({report.nodeid for report in terminalreporter.getreports("skipped")})
    for test, values in figures.items():
        terminalreporter.write_line(f"{test}: {json.dumps(values)}")
    for test in skipped:
        terminalreporter.write_line(f"{test}: SKIPPED, proves nothing")
    path = config.getoption("figures")
    if path is not None:
        passed = sorted(report.nodeid for report in terminalreporter.getreports("passed"))
        path.write_text(json.dumps({"passed": passed, "skipped": skipped, "figures": figures}, indent=2) + "\n")
