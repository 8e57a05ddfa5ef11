"""How often the kit does what chance might let pass."""

from typing import Final, Protocol

CONNECTIONS: Final = 8
"""Repositories that a concurrency test asks for."""

RACERS: Final = 16
"""Acts that race at once, two on each connection."""


class Counts(Protocol):
    """The fixture ``proof``; one that always returns ``small`` will do."""

    def count(self, name: str, *, small: int, full: int) -> int:
        """Return how many of ``name`` to do: ``small`` in everyday runs, ``full`` in a thorough one."""
        ...
