"""Clocks of stores with one fault each."""

import time

from app.ports.store_clock import StoreClock


class InMilliseconds(StoreClock):
    """Shows milliseconds."""

    async def now(self) -> float:
        return time.time() * 1_000


class StandsStill(StoreClock):
    """Shows the time of its first reading, as ``now()`` does within a transaction."""

    def __init__(self) -> None:
        self._read_at: float | None = None

    async def now(self) -> float:
        self._read_at = self._read_at or time.time()
        return self._read_at


class InWholeSeconds(StoreClock):
    """Shows no fractions of a second."""

    async def now(self) -> float:
        return float(int(time.time()))


class EachItsOwn(StoreClock):
    """Each connection shows another time."""

    created = 0

    def __init__(self) -> None:
        self._ahead = EachItsOwn.created * 10
        EachItsOwn.created += 1

    @classmethod
    def connections(cls, n: int) -> list["EachItsOwn"]:
        """Return ``n`` clocks."""
        return [cls() for _ in range(n)]

    async def now(self) -> float:
        return time.time() + self._ahead
