"""The contract of the clock of a store (``app.ports.store_clock``)."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from ..ports.store_clock import StoreClock
from .kit import CONNECTIONS, RepositoryContract

_PAUSE: Final = 0.05
_READING: Final = 1.0
"""Seconds that a reading may be uncertain by, beyond the time that it took."""

_DAY: Final = 86_400.0


class StoreClockContract(RepositoryContract[StoreClock]):
    """Every sentence of the port. The server of the tests has a clock that is right to a day."""

    async def test_the_time_is_in_seconds_since_the_epoch(self, repository: StoreClock) -> None:
        """It is about the time of this machine."""
        assert abs(await repository.now() - time.time()) < _DAY, "now is not the time in seconds since the epoch"

    async def test_the_clock_goes_on(self, repository: StoreClock) -> None:
        """Each reading is the time at that moment, with fractions of a second, and not that of the first reading."""
        readings, steady = [], []
        for _ in range(4):
            before = time.monotonic()
            readings.append(await repository.now())
            steady.append((before + time.monotonic()) / 2)
            await asyncio.sleep(_PAUSE)
        assert readings == sorted(set(readings)), "the clock stands still, or goes back"
        assert any(each % 1 for each in readings), "the clock shows whole seconds only"
        assert abs((readings[-1] - readings[0]) - (steady[-1] - steady[0])) < _READING, (
            "the clock does not go as fast as the clock of this machine"
        )

    async def test_all_connections_show_the_same_clock(self) -> None:
        """However many instances ask at once, all get the time of the server."""
        clocks: Sequence[StoreClock] = await self.connections(CONNECTIONS)
        before = time.monotonic()
        readings = await asyncio.gather(*(each.now() for each in clocks))
        assert max(readings) - min(readings) < time.monotonic() - before + _READING, (
            "two connections show different clocks: each shows its own machine's"
        )
