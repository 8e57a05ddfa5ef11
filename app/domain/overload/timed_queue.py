"""A queue that is bounded by time."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple

from ...ports.clock import Clock
from ..errors import Overloaded

_MEASURED_SECONDS: Final = 0.1
_MEASURED_TURNS: Final = 8
"""A measurement of the pace lasts at least so long, and for at least so many turns: turns end in bursts."""

_SECONDS_PER_TURN: Final = 0.001
"""The pace before it was measured."""

_MAX_WAITING: Final = 5_000
"""However fast the turns are, no more requests wait: each takes some kilobytes."""


class _Turn(NamedTuple):
    """A turn that a request has waited for since a time of the steady clock."""

    granted: asyncio.Future[None]
    since: float


class TimedQueue:
    """Gives requests turns in the order in which they come, ``at_once`` of them at the same time.

    It is full when a new request would wait for its turn longer than ``longest_wait`` seconds. The wait is estimated
    from the number of those before it, and from the pace at which turns ended lately. So the queue is longer on a fast
    machine, and becomes shorter when the store becomes slow.

    A request has twice ``longest_wait`` in all: the other half is for its work.
    """

    def __init__(self, *, at_once: int, longest_wait: float, clock: Clock) -> None:
        self._free_turns = at_once
        self._at_once = at_once
        self._longest_wait = longest_wait
        self._clock = clock
        self._places = 0
        self._turns: deque[_Turn] = deque()
        self._pace = _SECONDS_PER_TURN
        self._measured_from = 0.0
        self._ended = 0

    @property
    def waiting(self) -> int:
        """Return how many requests wait for their turn."""
        return len(self._turns)

    def is_full(self, *, coming: int = 0, share: float = 1.0) -> bool:
        """Return whether a request would wait too long behind those that have a place, and ``coming`` others.

        ``share`` is that of ``longest_wait`` that is not too long.
        """
        before = self._places + coming - self._at_once
        if before < 0:
            return False
        return before >= _MAX_WAITING or before * self._present_pace() >= self._longest_wait * share

    @contextmanager
    def place(self) -> Iterator["Place"]:
        """Hold a place; raises ``Overloaded`` at once if the queue is full."""
        if self.is_full():
            raise Overloaded
        self._places += 1
        place = Place(self)
        try:
            yield place
        finally:
            self._places -= 1
            if place.has_turn:
                self._end_turn()

    async def wait_for_turn(self) -> None:
        """Return when it is the caller's turn; raises ``Overloaded`` when that would be too late."""
        if self._free_turns:
            self._free_turns -= 1
            return
        now = self._clock.steady()
        if not self._turns:
            self._measured_from, self._ended = now, 0
        turn = _Turn(asyncio.get_running_loop().create_future(), now)
        self._turns.append(turn)
        try:
            await turn.granted
        except asyncio.CancelledError:
            if turn.granted.cancelled():
                with suppress(ValueError):  # it was passed over
                    self._turns.remove(turn)
            elif turn.granted.exception() is None:
                self._pass_on()
            raise

    def _end_turn(self) -> None:
        if self._turns:
            self._measure()
        self._pass_on()

    def _pass_on(self) -> None:
        """Give the turn to the request that has waited longest, and refuse those that have no time left for one: after
        a pause of the machine all would take their turns in vain otherwise, one after the other.
        """
        while self._turns:
            turn = self._turns.popleft()
            if turn.granted.done():
                continue
            if self._clock.steady() - turn.since <= self._last_moment():
                turn.granted.set_result(None)
                return
            turn.granted.set_exception(Overloaded(reason="late"))
        self._free_turns += 1

    def _last_moment(self) -> float:
        """Return after how many seconds of waiting a turn would be in vain. A turn lasts until ``at_once`` others have
        ended. But a pause may have been measured too, so no more than half of the time for the work is kept for it.
        """
        return 2 * self._longest_wait - min(self._at_once * self._pace, self._longest_wait / 2)

    def _measure(self) -> None:
        """Count a turn that ended while others waited, and renew the pace when enough were counted."""
        self._ended += 1
        now = self._clock.steady()
        elapsed = now - self._measured_from
        if elapsed >= _MEASURED_SECONDS and self._ended >= _MEASURED_TURNS:
            self._pace = (self._pace + elapsed / self._ended) / 2
            self._measured_from, self._ended = now, 0

    def _present_pace(self) -> float:
        """Return the seconds for each turn. A measurement that has not ended counts if it is slower than the last one:
        a store that hangs ends no turn.
        """
        if not self._turns:
            return self._pace
        elapsed = self._clock.steady() - self._measured_from
        return max(self._pace, elapsed / (self._ended + 1)) if elapsed >= self._longest_wait else self._pace


class Place:
    """A place in a queue."""

    __slots__ = ("_queue", "has_turn")

    def __init__(self, queue: TimedQueue) -> None:
        self._queue = queue
        self.has_turn = False

    async def turn(self) -> None:
        """Return when it is the turn of this place; raises ``Overloaded`` when that would be too late.

        Later calls return at once: the place keeps its turn.
        """
        if not self.has_turn:
            await self._queue.wait_for_turn()
            self.has_turn = True
