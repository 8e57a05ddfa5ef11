"""Honest clients that present an older refresh token get the current one, on every store."""

import asyncio
import time

import pytest

from app.adapters.system import SystemClock
from app.ports.clock import Clock
from app.testing.system import FakeClock

from .backends import ALL_KINDS, Backend
from .instances_with_clocks import Instance, instances_with_clocks

pytestmark = pytest.mark.parametrize("store", ALL_KINDS, indirect=True)


class ClockAhead(Clock):
    """A clock that is ahead of another one."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def now(self) -> float:
        return self._clock.now() + self._seconds

    def steady(self) -> float:
        return self._clock.steady()


async def _refreshed(instance: Instance, token: str) -> str:
    """Return the successor of ``token``, which must be accepted."""
    got = await instance.refresh(token)
    assert got is not None, "an honest client was refused"
    return got


async def test_tab_that_is_two_rotations_late(store: Backend) -> None:
    """Three tabs read the same token. While the first one refreshes twice, the others are late by one and by two
    rotations: both get the current token, and the session continues.
    """
    async with instances_with_clocks(store, SystemClock()) as [instance]:
        first = await instance.sign_in()
        second = await _refreshed(instance, first)
        third = await _refreshed(instance, second)
        assert await asyncio.gather(*map(instance.refresh, [first, second, first])) == [third] * 3
        assert await _refreshed(instance, third) not in (first, second, third)


async def test_phone_that_asks_again_after_a_minute(store: Backend) -> None:
    """A phone loses an answer, waits 60 seconds and asks again: it gets the token that it lost. After two minutes the
    same token is taken for stolen, and the session ends.
    """
    clock = FakeClock(time.time())
    async with instances_with_clocks(store, clock) as [instance]:
        first = await instance.sign_in()
        lost = await _refreshed(instance, first)
        clock.advance(60)
        assert await instance.refresh(first) == lost
        clock.advance(61)
        assert await instance.refresh(first) is None
        assert await instance.refresh(lost) is None


@pytest.mark.parametrize("ahead", [25, -25])
async def test_instances_whose_clocks_differ(store: Backend, ahead: float) -> None:
    """The clock of a second instance is 25 seconds ahead, or behind. A token that either instance replaced 6 seconds
    ago gets its successor from both, and the session continues.
    """
    clock = FakeClock(time.time())
    async with instances_with_clocks(store, clock, ClockAhead(clock, ahead)) as instances:
        for rotating in instances:
            first = await instances[0].sign_in()
            second = await _refreshed(rotating, first)
            clock.advance(6)
            assert [await each.refresh(first) for each in instances] == [second, second]
            third = await _refreshed(instances[0], second)
            fourth = await _refreshed(instances[1], third)
            assert [await each.refresh(third) for each in instances] == [fourth, fourth]
