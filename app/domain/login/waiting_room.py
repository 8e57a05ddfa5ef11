"""A bound for how many do something at once, and for how many wait for that."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from ...ports.telemetry import Telemetry
from .errors import HashingOverloaded


class WaitingRoom:
    """Has ``places`` for sign-ins; ``at_once`` of those inside have a turn, in the order in which they came."""

    def __init__(self, *, places: int, at_once: int, telemetry: Telemetry) -> None:
        self._free = places
        self._turns = asyncio.Semaphore(at_once)
        self._telemetry = telemetry

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises ``HashingOverloaded`` at once if there is none: a password less is hashed."""
        if not self._free:
            self._telemetry.hashing_refused()
            raise HashingOverloaded
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        async with self._turns:
            yield
