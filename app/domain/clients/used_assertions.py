"""The assertions that clients have used, in the memory of this instance."""

from hashlib import sha256
from typing import Final

from ..errors import InvalidClient
from ..identifiers import ClientId
from .refusal import ClientRefusal

MAX_ASSERTIONS: Final = 200_000
"""The most assertions in memory: about 40 MB, however long each ``jti`` is. Only verified assertions are added."""

MAX_ASSERTIONS_OF_CLIENT: Final = 20_000
"""The most assertions of one client. A client beyond it is refused; the others are not."""

RESERVED_ASSERTIONS: Final = 100
"""What each client may add even if other clients have filled the memory: about 20 KB for each client."""


class UsedAssertions:
    """Accepts each assertion once (RFC 7523 §3, rule 7). It remembers the SHA-256 of each ``jti``.

    An assertion is remembered until it has expired, and never forgotten earlier to make room.
    """

    def __init__(
        self,
        *,
        max_assertions: int = MAX_ASSERTIONS,
        max_of_client: int = MAX_ASSERTIONS_OF_CLIENT,
        reserved: int = RESERVED_ASSERTIONS,
    ) -> None:
        self._max_assertions = max_assertions
        self._max_of_client = max_of_client
        self._reserved = reserved
        self._used: dict[ClientId, set[bytes]] = {}
        self._by_second: dict[int, dict[ClientId, list[bytes]]] = {}
        self._total = 0

    def __len__(self) -> int:
        """Return the number of assertions in memory."""
        return self._total

    def use(self, client_id: ClientId, token_id: str, *, now: float, until: int) -> None:
        """Remember an assertion until ``until`` (seconds since the epoch, and after ``now``).

        Raises ``InvalidClient`` if the client used this ``token_id`` before, or if there is no room for it.
        """
        self._forget(now)
        used = self._used.get(client_id, set())
        digest = sha256(token_id.encode()).digest()
        if digest in used:
            raise InvalidClient(reason=ClientRefusal.USED_BEFORE, client_id=client_id)
        if not self._has_room(len(used)):
            raise InvalidClient(reason=ClientRefusal.TOO_MANY_ASSERTIONS, client_id=client_id)
        used.add(digest)
        self._used[client_id] = used
        self._by_second.setdefault(until, {}).setdefault(client_id, []).append(digest)
        self._total += 1

    def _has_room(self, of_client: int) -> bool:
        is_full = self._total >= self._max_assertions
        return of_client < (min(self._reserved, self._max_of_client) if is_full else self._max_of_client)

    def _forget(self, now: float) -> None:
        for second in [each for each in self._by_second if each <= now]:
            for client_id, expired in self._by_second.pop(second).items():
                used = self._used[client_id]
                used.difference_update(expired)
                self._total -= len(expired)
                if not used:
                    del self._used[client_id]
