"""Random bytes."""

from typing import Protocol


class Randomness(Protocol):
    """Generates random bytes that nobody can predict."""

    def token_bytes(self, length: int) -> bytes:
        """Return ``length`` random bytes, fit for keys and tokens."""
        ...
