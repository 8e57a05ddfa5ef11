"""The clock."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Return the current time, in seconds since the epoch."""
        ...
