"""The time."""

from typing import Protocol


class Clock(Protocol):
    """A clock."""

    def now(self) -> float:
        """Return the current time, in seconds since the epoch."""
        ...

    def steady(self) -> float:
        """Return seconds since some moment. They never go back or jump, and go on while the machine is suspended."""
        ...
