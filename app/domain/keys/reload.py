"""Reloading the signing keys when a token names an unknown one."""

import asyncio
from contextlib import suppress
from math import inf
from typing import Final

from ...ports.clock import Clock

_COOLDOWN: Final = 10.0
"""Seconds between two reloads because of unknown keys. Anyone can send tokens that name unknown keys."""


class KeyReload:
    """Passes requests for a reload to the background task that loads the keys. Any thread may make a request."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._requested = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next_request_at: dict[str, float] = {}

    def request(self, cause: str = "token") -> None:
        """Request a reload. Requests for the same cause within 10 seconds after one are ignored."""
        now = self._clock.steady()
        if now >= self._next_request_at.get(cause, -inf):
            self._next_request_at[cause] = now + _COOLDOWN
            self._wake()

    async def wait(self, *, seconds: float) -> None:
        """Return when a reload is requested, and after ``seconds`` at the latest."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, requested, self._requested = loop, self._requested.is_set(), asyncio.Event()
            if requested:
                self._requested.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._requested.wait()
        self._requested.clear()

    def _wake(self) -> None:
        """Set the event in its own loop: the events of asyncio are for one loop."""
        loop = self._loop
        if loop is None or loop.is_closed() or asyncio._get_running_loop() is loop:  # noqa: SLF001  # it asks and raises nothing
            self._requested.set()
        else:
            with suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(self._requested.set)
