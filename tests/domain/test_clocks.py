"""The clock of this machine: what is believed, and what happens after a step."""

import logging

import pytest

from app.domain.clocks.clock_watch import ClockWatch
from app.domain.clocks.errors import ClockInDoubt
from app.domain.clocks.trusted_clock import TrustedClock
from app.domain.errors import StoreUnavailable
from app.ports.store_clock import StoreClock
from app.testing.system import NOW, FakeClock

LEEWAY = 30
HOLD = 990.0


class FakeStoreClock(StoreClock):
    """The right time: ``NOW`` and the steady time of a clock. While it is ``away`` it does not answer."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.away = False
        self.seconds = 0.0

    async def now(self) -> float:
        self._clock.advance(self.seconds)
        if self.away:
            raise StoreUnavailable
        return NOW + self._clock.steady()


class Machine:
    """A machine with a clock that a test moves. ``loads`` has the times at which all revocations were loaded."""

    def __init__(self, *, ahead: float = 0.0, store: bool = True, leeway: int = LEEWAY) -> None:
        self.clock = FakeClock(NOW + ahead)
        self.store = FakeStoreClock(self.clock)
        self.trusted = TrustedClock(self.clock, leeway=leeway)
        self.loads: list[float] = []
        self.watch = ClockWatch(
            clock=self.trusted,
            store_clock=self.store if store else None,
            reload=self._reload,
            hold_after_step=HOLD,
        )

    async def _reload(self, now: float) -> float:
        with pytest.raises(ClockInDoubt):
            self.trusted.now()
        self.loads.append(now)
        return now - 60

    def step(self, seconds: float) -> None:
        """Move the wall clock alone."""
        self.clock.time += seconds

    async def rounds(self, seconds: int) -> None:
        """Let time pass, and compare the clocks every second."""
        for _ in range(seconds):
            self.clock.advance(1)
            await self.watch.check()

    def believes(self) -> bool:
        """Return whether the clock can be read."""
        try:
            self.trusted.now()
        except ClockInDoubt:
            return False
        return True


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("step", [-29.0, 29.0])
async def test_a_step_within_the_leeway_changes_nothing(step: float, *, store: bool) -> None:
    """The clock goes on being believed, and nothing is loaded again."""
    machine = Machine(store=store)
    machine.step(step)
    assert machine.trusted.now() == machine.clock.now()
    await machine.rounds(5)
    assert machine.believes()
    assert machine.loads == []


@pytest.mark.parametrize("store", [True, False])
@pytest.mark.parametrize("step", [-3_456_000.0, -31.0, 31.0, 3_456_000.0])
async def test_a_step_is_noticed_at_the_next_reading(step: float, *, store: bool) -> None:
    """No request is decided by the wrong time, also before the next comparison. When the clock is right again, all
    revocations are loaded before it is believed.
    """
    machine = Machine(store=store)
    machine.step(step)
    assert not machine.believes()
    await machine.rounds(4)
    assert not machine.believes()
    assert machine.loads == []
    machine.step(-step)
    assert not machine.believes()
    await machine.rounds(1)
    assert machine.believes()
    assert machine.loads == [pytest.approx(machine.clock.now(), abs=0.01)]
    assert machine.watch.take_resume_from() == pytest.approx(machine.clock.now() - 60, abs=0.01)
    assert machine.watch.take_resume_from() is None


@pytest.mark.parametrize("ahead", [-7_200, 7_200])
async def test_a_start_with_a_wrong_clock(ahead: float) -> None:
    """The first comparison with the store finds the fault, and a later one the mend."""
    machine = Machine(ahead=ahead)
    await machine.watch.check()
    assert not machine.believes()
    where = "ahead of" if ahead > 0 else "behind"
    assert machine.watch.reason == f"The clock of this machine is 7,200 s {where} the clock of the store."
    machine.step(-ahead)
    await machine.rounds(1)
    assert machine.believes()
    assert machine.watch.reason == ""


async def test_a_step_that_the_store_never_confirms_is_not_accepted() -> None:
    """However long it lasts, the store's clock says what is right."""
    machine = Machine()
    machine.step(3_600)
    await machine.rounds(600)
    assert not machine.believes()
    assert not machine.watch.may_delete()


async def test_without_another_clock_a_step_is_accepted_after_a_minute() -> None:
    """All revocations are loaded by the new time, and nothing is deleted while tokens of the old time may live."""
    machine = Machine(store=False)
    machine.step(-3_600)
    await machine.rounds(60)
    assert not machine.believes()
    await machine.rounds(2)
    assert machine.believes()
    assert machine.loads == [pytest.approx(machine.clock.now(), abs=2)]
    assert not machine.watch.may_delete()
    await machine.rounds(int(HOLD))
    assert machine.watch.may_delete()


async def test_a_clock_that_goes_on_jumping_is_not_accepted() -> None:
    """The minute begins again with each step."""
    machine = Machine(store=False)
    for _ in range(10):
        machine.step(1_000)
        await machine.rounds(30)
        assert not machine.believes()


async def test_many_small_steps_count_together() -> None:
    """Without another clock, steps within the leeway that add up to more than it are noticed."""
    machine = Machine(store=False)
    machine.step(20)
    await machine.rounds(1)
    assert machine.believes()
    machine.step(20)
    assert not machine.believes()


async def test_a_slow_drift_is_followed() -> None:
    """A wall clock that is corrected by a second each hour is no step, however long the service runs."""
    machine = Machine(store=False)
    for _ in range(100):
        machine.step(1)
        machine.clock.advance(3_600)
        await machine.watch.check()
        assert machine.believes()


async def test_an_outage_of_the_store_is_no_doubt() -> None:
    """While the store does not answer, the last comparison counts, and the steady clock finds a step."""
    machine = Machine()
    await machine.watch.check()
    machine.store.away = True
    machine.clock.advance(86_400)
    with pytest.raises(StoreUnavailable):
        await machine.watch.check()
    assert machine.believes()
    machine.step(60)
    assert not machine.believes()
    with pytest.raises(StoreUnavailable):
        await machine.watch.check()
    assert machine.watch.reason == "The clock of this machine is 60 s ahead of the clock of the store."


async def test_a_failed_load_leaves_the_clock_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the revocations cannot be loaded after a step, the clock is believed only when they were."""
    machine = Machine()
    machine.step(3_600)
    assert not machine.believes()
    machine.step(-3_600)

    async def fail(_: float) -> float:
        raise StoreUnavailable

    with monkeypatch.context() as context:
        context.setattr(machine.watch, "_reload", fail)
        with pytest.raises(StoreUnavailable):
            await machine.watch.check()
    assert not machine.believes()
    await machine.rounds(1)
    assert machine.believes()


async def test_a_slow_answer_of_the_store_is_no_step() -> None:
    """The time that the answer took is allowed for."""
    machine = Machine(leeway=0)
    machine.store.seconds = 10.0
    await machine.watch.check()
    assert machine.believes()


async def test_a_leeway_of_nothing_counts_as_a_second() -> None:
    """Two clocks that are read one after the other never show exactly the same time."""
    machine = Machine(leeway=0)
    machine.step(0.9)
    assert machine.believes()
    machine.step(0.4)
    assert not machine.believes()


async def test_the_log_has_one_line_for_the_beginning_and_one_for_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """The beginning is an error that says by how much the clock is wrong."""
    machine = Machine()
    machine.step(3_600)
    await machine.rounds(3)
    machine.step(-3_600)
    await machine.rounds(3)
    begin, end = caplog.records
    assert (begin.levelno, end.levelno) == (logging.ERROR, logging.WARNING)
    assert "3,600 s ahead of the clock of the store" in begin.getMessage()
    assert "right again" in end.getMessage()
