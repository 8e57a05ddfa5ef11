"""The memory of verified tokens, bounded in bytes."""

import os
from sys import getsizeof
from threading import Lock
from typing import Final
from weakref import WeakSet

from ...domain.tokens.claims import AccessTokenClaims

MAX_BYTES: Final = 16 * 1024 * 1024
"""The most memory that the verified tokens of one verifier take, in bytes. It holds about 7,000 ordinary tokens."""

_ENTRY_BYTES: Final = 720
"""A bound for what every entry takes, whatever its token has: the claims and the scope without their texts, the
numbers, the key, and the place in the dictionary, which grows in leaps.
"""

_KEY_LENGTH: Final = 32
"""The last characters of a token are its key: 192 bits of the signature. To hash the whole token takes half of the time
that a guard needs for a request. ``get`` compares the whole token.
"""

_ALLOCATION_BYTES: Final = 16
"""The allocator rounds each object up to a multiple of this."""


class VerifiedTokens:
    """Verified tokens and their claims. Beyond ``max_bytes``, the tokens that were added first leave.

    Tokens have very different lengths, so a number of tokens would not bound the memory. ``size`` is what all of them
    take at most, in bytes. Any thread may call the methods. A process that was forked while a thread added a token
    begins without tokens.
    """

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._entries: dict[str, tuple[str, AccessTokenClaims, int]] = {}
        self._lock = Lock()
        self.size = 0
        _ALL.add(self)

    def get(self, token: str) -> AccessTokenClaims | None:
        """Return the claims of ``token``; ``None`` if it is not remembered."""
        entry = self._entries.get(token[-_KEY_LENGTH:])
        return entry[1] if entry is not None and entry[0] == token else None

    def add(self, token: str, claims: AccessTokenClaims) -> None:
        """Remember a token that is not remembered yet, and forget the oldest ones as far as necessary."""
        size = _size(token, claims)
        with self._lock:
            self._forget(token[-_KEY_LENGTH:])
            self._entries[token[-_KEY_LENGTH:]] = (token, claims, size)
            self.size += size
            while self.size > self._max_bytes:
                self._forget(next(iter(self._entries)))

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry[2]

    def begin_child(self) -> None:
        """Begin with a new lock in a forked process. Forget the tokens, if a thread of the other one held the old lock.

        ``locked`` does not say that: a thread that takes the lock shows it there a moment later.
        """
        if not self._lock.acquire(blocking=False):
            self._entries, self.size = {}, 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self._entries)


def _size(token: str, claims: AccessTokenClaims) -> int:
    """Return how many bytes a token and its claims take at most.

    ``scope.text`` is made when it is first read, and then stays in memory, so it is made here.
    """
    audience, scope = claims.audience, claims.scope
    texts = (token, claims.issuer, claims.subject, claims.client_id, claims.token_id, *audience, *scope.tokens)
    objects = (*texts, scope.text, audience, scope.tokens)
    return _ENTRY_BYTES + sum(map(getsizeof, objects)) + _ALLOCATION_BYTES * len(objects)


_ALL: Final[WeakSet[VerifiedTokens]] = WeakSet()


def _after_fork_in_child() -> None:
    for tokens in tuple(_ALL):
        tokens.begin_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
