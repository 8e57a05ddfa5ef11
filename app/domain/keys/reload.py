"""When to look for keys that this instance does not know."""

import asyncio
from contextlib import suppress
from typing import Final

from ...ports.clock import Clock

_COOLDOWN: Final = 10.0
"""Seconds between two looks on account of unknown keys: anyone can send tokens that name some."""


class KeyReload:
    """Wakes who follows the keys when a token names a key that is not known."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._asked = asyncio.Event()
        self._quiet_until = 0.0

    def request(self) -> None:
        """Wake who waits, unless that was done within the last 10 seconds."""
        now = self._clock.now()
        if now >= self._quiet_until or now < self._quiet_until - _COOLDOWN:
            self._quiet_until = now + _COOLDOWN
            self._asked.set()

    async def wait(self, *, seconds: float) -> None:
        """Return when asked to look, and after ``seconds`` at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        self._asked.clear()
