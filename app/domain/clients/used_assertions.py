"""The assertions that clients have used, in the memory of this instance."""

from typing import Final

from ..identifiers import ClientId

MAX_ASSERTIONS: Final = 100_000
"""The most assertions in memory. Only verified assertions are added."""


class UsedAssertions:
    """Accepts each assertion once (RFC 7523 §3).

    ``use`` is called with the same ``seconds`` each time, so the dictionary is in the order of expiry.
    """

    def __init__(self, *, max_assertions: int = MAX_ASSERTIONS) -> None:
        self._max_assertions = max_assertions
        self._forget_at: dict[tuple[ClientId, str], float] = {}

    def use(self, client_id: ClientId, token_id: str, *, now: float, seconds: float) -> bool:
        """Remember an assertion for ``seconds``. Return ``False`` if it was used before, or if the memory is full."""
        self._forget(now)
        if (client_id, token_id) in self._forget_at or len(self._forget_at) >= self._max_assertions:
            return False
        self._forget_at[client_id, token_id] = now + seconds
        return True

    def _forget(self, now: float) -> None:
        while (first := next(iter(self._forget_at.items()), None)) is not None and first[1] <= now:
            del self._forget_at[first[0]]
