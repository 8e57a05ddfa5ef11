"""A short memory of refusals, which spares the store in a flood."""

from collections.abc import Iterable, Mapping
from typing import Final

from ...ports.clock import Clock

_MAX_SECONDS: Final = 1.0
"""A success on another instance resets limits. This instance notices that after this time at the latest."""

_MAX_KEYS: Final = 10_000
"""About 2 MB."""


class RecentRefusals:
    """Remembers which limits were used up, and for how long: each for a second at most, the last 10,000 of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused: dict[bytes, tuple[float, float]] = {}

    def add(self, refused: Mapping[bytes, float]) -> None:
        """Remember that the limit of each key is used up for so many seconds."""
        now = self._clock.now()
        for key, retry_after in refused.items():
            self._refused.pop(key, None)
            self._refused[key] = (now, now + retry_after)
        while len(self._refused) > _MAX_KEYS:
            del self._refused[next(iter(self._refused))]

    def retry_after(self, keys: Iterable[bytes]) -> float:
        """Return for how many seconds the longest of these limits is used up; 0 if none is remembered."""
        now = self._clock.now()
        refused = (self._refused[key] for key in keys if key in self._refused)
        return max((until - now for at, until in refused if at <= now < min(until, at + _MAX_SECONDS)), default=0.0)

    def remove(self, keys: Iterable[bytes]) -> None:
        """Remember these limits no longer, because they have attempts again."""
        for key in keys:
            self._refused.pop(key, None)
