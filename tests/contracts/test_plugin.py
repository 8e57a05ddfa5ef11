"""The pytest plugin of the kit: its fixture and its marker, and the time limit that names a test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

DEADLOCK = """
import asyncio
import time

import pytest

from app.contracts.kit import RepositoryContract


class TwoLocks(RepositoryContract):
    async def take(self, first, second):
        async with first:
            await asyncio.sleep(0)
            async with second:
                pass

    @pytest.mark.proof("stores")
    async def test_counts_are_small(self, proof):
        assert proof.count("races", small=3, full=500) == 3

    async def test_two_acts(self):
        one, other = asyncio.Lock(), asyncio.Lock()
        await asyncio.gather(self.take(one, other), self.take(other, one))


class TestOfTheKit(TwoLocks):
    def test_one_act(self):
        time.sleep(60)


async def test_of_a_stranger():
    await asyncio.sleep(1.5)
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return what pytest says about a file of a stranger whose adapter deadlocks."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "test_store.py").write_text(DEADLOCK)
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = --strict-markers\nasyncio_mode = auto\nkeyturn_time_limit = 1\n"
    )
    # The alarm for a blocked event loop comes later than the other limit, so that this one can report first.
    options = ["-p", "app.contracts.plugin", "-p", "no:cacheprovider", "-q", "-rA"]
    program = f"from app.contracts import plugin; plugin._GRACE_SECONDS = 0.5; import pytest; pytest.main({options})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_proof_has_a_default(report: str) -> None:
    """A test that asks for counts gets small ones, and its marker is known."""
    assert "PASSED test_store.py::TestOfTheKit::test_counts_are_small" in report, report


def test_deadlock_of_two_acts_names_the_test_and_where_they_wait(report: str) -> None:
    """Two acts that wait for each other fail their test, whose report has the acts."""
    assert "FAILED test_store.py::TestOfTheKit::test_two_acts" in report, report
    assert "test_two_acts did not end within 1 seconds: acts of the adapter wait for each other" in report
    assert "TwoLocks.take, in line" in report


def test_act_that_blocks_the_event_loop_names_the_test(report: str) -> None:
    """An act that does not even let the event loop run fails its test."""
    assert "test_one_act did not end within 1 seconds" in report, report


def test_other_tests_have_no_limit(report: str) -> None:
    """A test that is not of the kit may take as long as it likes."""
    assert "PASSED test_store.py::test_of_a_stranger" in report, report
