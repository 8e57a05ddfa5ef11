"""The queue that is bounded by time."""

import asyncio
from contextlib import ExitStack

import pytest

from app.domain.errors import Overloaded
from app.domain.overload.timed_queue import Place, TimedQueue
from app.testing.system import FakeClock


class Visitors:
    """Visitors of a queue with one turn. Each takes a place, waits for its turn and says so."""

    def __init__(self, *, longest_wait: float = 1.0) -> None:
        self.clock = FakeClock()
        self.queue = TimedQueue(at_once=1, longest_wait=longest_wait, clock=self.clock)
        self.turns: list[str] = []
        self._leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, *names: str) -> None:
        """Let visitors come, one after the other."""
        for name in names:
            self._leave[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._visit(name))
            await self.settle()

    async def leave(self, name: str, *, after: float = 0.0) -> None:
        """End the turn of a visitor that has had it for ``after`` seconds."""
        self.clock.advance(after)
        self._leave[name].set()
        await self.settle()

    async def settle(self) -> None:
        """Let all tasks run until they wait."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def _visit(self, name: str) -> None:
        with self.queue.place() as place:
            await place.turn()
            self.turns.append(name)
            await self._leave[name].wait()


async def test_turns_come_in_order() -> None:
    """The next turn is that of the visitor who has waited longest."""
    visitors = Visitors()
    await visitors.come("a", "b", "c")
    assert (visitors.turns, visitors.queue.waiting) == (["a"], 2)
    await visitors.leave("a")
    await visitors.leave("b")
    assert visitors.turns == ["a", "b", "c"]


async def test_after_a_pause_the_order_is_kept() -> None:
    """Visitors that have waited long, and still have the time for a turn, are served before those that came later."""
    visitors = Visitors(longest_wait=1.0)
    await visitors.come("a", "b", "c")
    visitors.clock.advance(0.9)
    await visitors.come("d")
    await visitors.leave("a", after=0.9)
    await visitors.leave("b")
    await visitors.leave("c")
    assert visitors.turns == ["a", "b", "c", "d"]


async def test_who_has_no_time_left_takes_no_turn() -> None:
    """A turn that would be in vain is not given: its visitor is refused, and the first that has the time is served."""
    visitors = Visitors(longest_wait=1.0)
    await visitors.come("a", "b", "c")
    visitors.clock.advance(0.9)
    await visitors.come("d", "e")
    await visitors.leave("a", after=1.2)
    assert (visitors.turns, visitors.queue.waiting) == (["a", "d"], 1)
    for name in "bc":
        with pytest.raises(Overloaded) as refusal:
            await visitors.tasks[name]
        assert refusal.value.reason == "late"


async def test_who_is_refused_and_goes_gives_no_turn_away() -> None:
    """A visitor that is cancelled before it notices its refusal had no turn that another could get."""
    visitors = Visitors(longest_wait=1.0)
    await visitors.come("a", "b")
    visitors.clock.advance(0.9)
    await visitors.come("c", "d")
    visitors.clock.advance(1.2)
    visitors._leave["a"].set()
    await asyncio.sleep(0)  # a has left, and b has not noticed its refusal
    visitors.tasks["b"].cancel()
    await visitors.settle()
    assert (visitors.turns, visitors.queue.waiting) == (["a", "c"], 1)


async def test_a_visitor_that_goes_loses_its_turn_to_the_next() -> None:
    """A cancelled visitor takes no turn, whether it waits or was just given one."""
    visitors = Visitors()
    await visitors.come("a", "b", "c", "d")
    visitors.tasks["b"].cancel()
    await visitors.settle()
    visitors._leave["a"].set()
    await asyncio.sleep(0)  # a has left, and c has not noticed its turn
    visitors.tasks["c"].cancel()
    await visitors.settle()
    assert visitors.turns == ["a", "d"]
    assert visitors.queue.waiting == 0
    await visitors.leave("d")
    await visitors.come("e")
    assert visitors.turns[-1] == "e"


def _fill(queue: TimedQueue, places: ExitStack) -> int:
    taken = 0
    while not queue.is_full():
        places.enter_context(queue.place())
        taken += 1
    return taken


async def test_the_queue_is_as_long_as_its_pace_allows() -> None:
    """When turns end five times as slowly, a fifth as many may wait. Each would wait as long as before."""
    visitors = Visitors(longest_wait=2.0)
    with ExitStack() as places:
        at_first = _fill(visitors.queue, places)
    assert at_first == pytest.approx(2_000, abs=2)
    names = [str(number) for number in range(200)]
    await visitors.come(*names)
    for name in names[:-1]:
        await visitors.leave(name, after=0.005)
    with ExitStack() as places:
        later = _fill(visitors.queue, places)
    assert later == pytest.approx(400, abs=5)


async def test_a_full_queue_refuses_at_once() -> None:
    """No place is given beyond the bound, and none is lost."""
    queue = TimedQueue(at_once=1, longest_wait=0.002, clock=FakeClock())
    with ExitStack() as places:
        taken = [places.enter_context(queue.place()) for _ in range(3)]
        assert all(isinstance(each, Place) for each in taken)
        with pytest.raises(Overloaded), queue.place():
            pass
    assert not queue.is_full(coming=2)
    assert queue.is_full(coming=3)


async def test_a_store_that_hangs_fills_the_queue() -> None:
    """When no turn ends for the longest wait, new visitors are refused, although few wait."""
    visitors = Visitors(longest_wait=0.5)
    await visitors.come("a", "b", "c")
    assert not visitors.queue.is_full()
    visitors.clock.advance(0.6)
    assert visitors.queue.is_full()
    await visitors.leave("a")
    await visitors.leave("b")
    assert not visitors.queue.is_full()
