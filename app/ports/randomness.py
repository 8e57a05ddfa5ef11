"""Randomness."""

from typing import Protocol


class Randomness(Protocol):
    """Draws unpredictable bytes."""

    def token_bytes(self, length: int) -> bytes:
        """Return ``length`` bytes fit for keys and tokens, never the same twice."""
        ...
