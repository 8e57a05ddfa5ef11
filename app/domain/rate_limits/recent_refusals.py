"""Refusals that are remembered: an attempt that has just been refused is refused again at no cost."""

from collections.abc import Iterable, Mapping
from typing import Final

from ...ports.clock import Clock

_SECONDS: Final = 1.0
"""A success on another instance makes budgets whole: so much longer they are taken for empty here."""

_MOST: Final = 10_000
"""About 2 MB."""


class RecentRefusals:
    """Remembers for a second at most which budgets were found empty, and until when; the last 10,000 of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[bytes, tuple[float, float]] = {}

    def note(self, waits: Mapping[bytes, float]) -> None:
        """Remember for how many seconds budgets are empty."""
        now = self._clock.now()
        for key, wait in waits.items():
            self._found.pop(key, None)
            self._found[key] = (now, now + wait)
        while len(self._found) > _MOST:
            del self._found[next(iter(self._found))]

    def wait(self, keys: Iterable[bytes]) -> float:
        """Return for how many seconds the longest of these is empty, as far as is remembered: 0 if none is."""
        now = self._clock.now()
        found = (self._found[key] for key in keys if key in self._found)
        return max((until - now for at, until in found if at <= now < min(until, at + _SECONDS)), default=0.0)

    def forget(self, keys: Iterable[bytes]) -> None:
        """Remember these no longer: they are not empty any more."""
        for key in keys:
            self._found.pop(key, None)
