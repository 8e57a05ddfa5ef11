"""The clock of a store."""

from typing import Protocol


class StoreClock(Protocol):
    """The clock of a server that stores sessions. All instances compare their own clocks with it."""

    async def now(self) -> float:
        """Return the server's time, in seconds since the epoch; raises ``StoreUnavailable`` if it does not answer."""
        ...
