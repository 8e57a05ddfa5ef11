"""The kit notices stores that are not durable, and acts that outlive their time limit."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from app.contracts import time_limits
from app.contracts.killed_process import KilledProcess
from app.contracts.opened_stores import Maker
from app.contracts.session_store import OPTIONS
from app.contracts.time_limits import TimeLimits

from . import faulty_stores as stores

Check = Callable[[TimeLimits], Awaitable[None]]

NO_ANSWER: Check = TimeLimits.test_every_act_ends_in_time_without_an_answer
SLOW: Check = TimeLimits.test_the_time_is_for_the_act_and_not_for_each_round_trip


class KilledProcessOf(KilledProcess):
    """The kit on one of these stores."""

    def __init__(self, kind: type[stores.WritesAtTheEnd], file: Path) -> None:
        self._maker = partial(kind, f"file://{file}", OPTIONS)

    def maker(self) -> Maker:
        return self._maker


async def test_changes_that_are_written_after_they_are_acknowledged_are_noticed(tmp_path: Path) -> None:
    """A store that keeps changes in memory and writes them soon loses them when its process is killed."""
    with pytest.raises(AssertionError, match=r"sessions\.advance, .* acknowledged a change before it was durable"):
        await KilledProcessOf(stores.WritesSoon, tmp_path / "sessions").test_acknowledged_changes_survive_a_sigkill()


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let acts take a fifth of the usual time, and the kit wait a little longer for them."""
    monkeypatch.setattr(time_limits, "TIMEOUT_SECONDS", 0.1)
    monkeypatch.setattr(time_limits, "_SLOW_SECONDS", 0.08)
    monkeypatch.setattr(time_limits, "SLACK_SECONDS", 0.3)
    monkeypatch.setattr(time_limits, "_LATE_SECONDS", 0.3)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("kind", "check", "message"),
    [
        (stores.ListsWithoutLimit, NO_ANSWER, r"sessions\.list_live_sessions outlives its timeout .* no answer comes"),
        (stores.LimitsEachRoundTrip, SLOW, r"sweeper\.delete_ended outlives its timeout .* not for each round trip"),
    ],
)
async def test_act_that_outlives_its_timeout_is_noticed(
    kind: type[stores.SlowStore], check: Check, message: str
) -> None:
    """An act without a limit, and one whose limit is for each round trip, are named."""
    with pytest.raises(AssertionError, match=message):
        await check(stores.TimeLimitsOf(kind))


@pytest.mark.parametrize("check", [NO_ANSWER, SLOW])
async def test_store_with_a_time_limit_passes(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store that the slow ones are built on passes."""
    monkeypatch.setattr(time_limits, "_SLOW_SECONDS", 0.01)
    await check(stores.TimeLimitsOf(stores.SlowStore))
