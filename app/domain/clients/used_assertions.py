"""Used assertions in memory."""

from typing import Final

from ..identifiers import ClientId

MOST: Final = 100_000
"""Assertions remembered at once; only one that verified is."""


class UsedAssertions:
    """A dictionary in the order of the ends: every assertion is remembered equally long."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._until: dict[tuple[ClientId, str], float] = {}

    def use(self, client_id: ClientId, token_id: str, *, now: float, seconds: float) -> bool:
        self._forget(now)
        if (client_id, token_id) in self._until or len(self._until) >= self._most:
            return False
        self._until[client_id, token_id] = now + seconds
        return True

    def _forget(self, now: float) -> None:
        while (first := next(iter(self._until.items()), None)) is not None and first[1] <= now:
            del self._until[first[0]]
