"""The time."""

from typing import Protocol


class Clock(Protocol):
    """A clock."""

    def now(self) -> float:
        """Return the current time, in seconds since the epoch."""
        ...
