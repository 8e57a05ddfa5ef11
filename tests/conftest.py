"""Options and the fixture ``proof`` of every test. It needs only pytest and Hypothesis, like the domain tests."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

pytest_plugins = ["app.contracts.plugin", "app.testing.plugin"]
"""The plugins of the kits, which pytest finds by itself where the package is installed. They need only pytest."""

_SEED = 20_261_124
_PROOF_SECONDS = 3_600
"""How long a test of the kit may take at full counts."""

_FIGURES = pytest.StashKey[dict[str, dict[str, object]]]()

hypothesis.settings.register_profile("small", max_examples=30, deadline=None, derandomize=True)
hypothesis.settings.register_profile("full", max_examples=1_000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that scripts/prove uses."""
    group = parser.getgroup("keyturn")
    group.addoption("--full", action="store_true", help="run proofs at full counts instead of small ones")
    group.addoption("--proof", metavar="NAME", help="run the proofs of this name only")
    group.addoption(
        "--figures", metavar="FILE", type=Path, help="write the figures of the proofs to this file, as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose small or full counts. Tests of the kit have as long as they need for full ones."""
    config.stash[_FIGURES] = {}
    if config.getoption("full") and config.getoption("keyturn_time_limit") is None:
        config.option.keyturn_time_limit = _PROOF_SECONDS
    hypothesis.settings.load_profile("full" if config.getoption("full") else "small")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ``--full``, keep only the proofs, or only the proofs of one name."""
    if not config.getoption("full"):
        return
    name = config.getoption("proof")
    selected = [item for item in items if any(name in (None, *mark.args) for mark in item.iter_markers("proof"))]
    config.hook.pytest_deselected(items=[item for item in items if item not in selected])
    items[:] = selected


class Proof:
    """The counts of one test, and the figures that it measured."""

    def __init__(self, *, full: bool, seed: int) -> None:
        self._full = full
        self._seed = seed
        self.figures: dict[str, object] = {}

    def count(self, name: str, *, small: int, full: int) -> int:
        """Return ``small``, or ``full`` with ``--full``. The report shows the number under ``name``."""
        count = full if self._full else small
        self.figures[name] = count
        return count

    def seed(self) -> int:
        """Return the seed for random choices. The report shows it; scripts/prove uses a new seed in every run."""
        self.figures["seed"] = self._seed
        return self._seed

    def measured(self, name: str, value: object) -> None:
        """Add a figure to the report."""
        self.figures[name] = value


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Proof]:
    """Return the counts of this test."""
    seed = request.config.getoption("hypothesis_seed")
    proof = Proof(full=request.config.getoption("full"), seed=_SEED if seed is None else int(seed))
    yield proof
    request.config.stash[_FIGURES][request.node.nodeid] = proof.figures


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the figures of the proofs and the skipped proofs, and write both to the file of ``--figures``."""
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
