"""A limit on concurrent sign-ins, with a queue."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import NoPlaceLeft


class WaitingRoom:
    """Holds at most ``places`` sign-ins. At most ``max_active`` of them have a turn at the same time; ``turns`` gives
    them turns in the order in which they come.
    """

    def __init__(self, *, places: int, max_active: int) -> None:
        self._free_places = places
        self.turns = asyncio.Semaphore(max_active)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises ``NoPlaceLeft`` at once if all are taken."""
        if not self._free_places:
            raise NoPlaceLeft
        self._free_places -= 1
        try:
            yield
        finally:
            self._free_places += 1
