"""The waiting room of refreshes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from ...ports.clock import Clock
from ..errors import Overloaded
from ..overload.timed_queue import Place, TimedQueue
from . import ratchet
from .ratchet import RefreshToken
from .recent_tokens import RecentTokens

_AT_ONCE: Final = 64
"""Refreshes that sign and write at the same time: enough for a commit that many share."""

_REPLAYS: Final = 64
"""Tokens that were replaced, as it seems, and that may be read at the same time although no place is free."""

_DOUBTFUL_PER_SECOND: Final = 20.0
_DOUBTFUL_PER_REPLAY: Final = 8.0
_MAX_DOUBTFUL: Final = 16.0
"""How many others may be read although no place is free. Reading them costs what the refreshes with a place lack: with
one instance it is in vain. Each that was a replay, so another instance replaced it, lets more be read.
"""


class RefreshRoom:
    """Lets refreshes wait for their turn to write, no longer than ``longest_wait`` seconds, and refuses the others.

    The room is for tokens that are to be replaced. A replay writes nothing, and its client may lose its session if it
    waits longer than the replay window (``replay_window`` seconds). So when the room is full, tokens that this instance
    has just replaced are read nevertheless, and a few of the others: another instance may have replaced them.
    """

    def __init__(self, *, longest_wait: float, replay_window: float, clock: Clock, at_once: int = _AT_ONCE) -> None:
        self.queue = TimedQueue(at_once=at_once, longest_wait=longest_wait, clock=clock)
        self._clock = clock
        self._recent = RecentTokens(seconds=max(1.0, replay_window))
        self._free_for_replays = _REPLAYS
        self._doubtful = _MAX_DOUBTFUL
        self._doubtful_at = 0.0

    def admits(self, secret: bytes | None, *, coming: int = 0) -> bool:
        """Return whether ``enter`` may read the token with this secret after ``coming`` others although the queue is
        full. ``None`` stands for something else than a token.
        """
        now = self._clock.steady()
        if self._may_read_doubtful(coming, now):
            return True
        return secret is not None and self._may_be_replay(secret, now)

    @contextmanager
    def enter(self, token: RefreshToken) -> Iterator["RefreshPlace"]:
        """Hold a place; raises ``Overloaded`` at once if the token may not even be read."""
        if not self.queue.is_full():
            with self.queue.place() as place:
                yield RefreshPlace(place)
            return
        now = self._clock.steady()
        if self._may_be_replay(token.secret, now):
            self._free_for_replays -= 1
            try:
                yield RefreshPlace(None)
            finally:
                self._free_for_replays += 1
        elif self._may_read_doubtful(0, now):
            self._doubtful -= 1
            yield RefreshPlace(None, self._found_replay)
        else:
            raise Overloaded

    def replaced(self, secret_digest: bytes) -> None:
        """Remember that this instance has replaced the token with this digest."""
        self._recent.add(secret_digest, self._clock.steady())

    def _found_replay(self) -> None:
        self._doubtful = min(_MAX_DOUBTFUL, self._doubtful + _DOUBTFUL_PER_REPLAY)

    def _may_read_doubtful(self, coming: int, now: float) -> bool:
        """Return whether one more token may be read after ``coming`` others: a few for each second and each replay."""
        more = (now - self._doubtful_at) * _DOUBTFUL_PER_SECOND
        self._doubtful_at = now
        self._doubtful = min(_MAX_DOUBTFUL, self._doubtful + more)
        return self._doubtful >= coming + 1

    def _may_be_replay(self, secret: bytes, now: float) -> bool:
        return self._free_for_replays > 0 and self._recent.may_have(ratchet.digest(secret), now)


class RefreshPlace:
    """A place in the room, or only the permission to be read."""

    __slots__ = ("_found_replay", "_place")

    def __init__(self, place: Place | None, found_replay: Callable[[], None] | None = None) -> None:
        self._place = place
        self._found_replay = found_replay

    def is_of_replay(self) -> None:
        """Tell the room that the token was a replay."""
        if self._found_replay is not None:
            self._found_replay()

    async def turn(self) -> None:
        """Return when the token may be replaced; raises ``Overloaded`` at once without a place."""
        if self._place is None:
            raise Overloaded
        await self._place.turn()
