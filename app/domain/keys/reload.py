"""Reloading the signing keys when a token names an unknown one."""

import asyncio
from contextlib import suppress
from math import inf
from typing import Final

from ...ports.clock import Clock

_COOLDOWN: Final = 10.0
"""Seconds between two reloads because of unknown keys. Anyone can send tokens that name unknown keys."""


class KeyReload:
    """Passes requests for a reload to the background task that loads the keys."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._requested = asyncio.Event()
        self._next_request_at = -inf

    def request(self) -> None:
        """Request a reload. Requests within 10 seconds after one are ignored."""
        now = self._clock.steady()
        if now >= self._next_request_at:
            self._next_request_at = now + _COOLDOWN
            self._requested.set()

    async def wait(self, *, seconds: float) -> None:
        """Return when a reload is requested, and after ``seconds`` at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._requested.wait()
        self._requested.clear()
