"""The refresh tokens that were replaced a moment ago."""

from struct import Struct
from typing import Final

_BITS: Final = 20
_INDEXES: Final = 4
"""A token is known by so many bits. After 20,000 tokens, one of 30,000 others has only bits that are set; after 100,000
tokens one of 100.
"""

_MASK: Final = (1 << _BITS) - 1
_WORDS: Final = Struct(f">{_INDEXES}I")


class RecentTokens:
    """Knows which refresh tokens this instance has replaced within the last ``seconds``, by the digests of their
    secrets.

    It takes 256 KiB, however many there are, because it may be wrong about others: of tokens that it does not have, a
    few look as if it had them.
    """

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._since = 0.0
        self._bits, self._older = bytearray((_MASK + 1) // 8), bytearray((_MASK + 1) // 8)

    def add(self, digest: bytes, now: float) -> None:
        """Add the token with this digest at ``now``, in seconds of a steady clock."""
        self._forget(now)
        for index in _indexes(digest):
            self._bits[index >> 3] |= 1 << (index & 7)

    def may_have(self, digest: bytes, now: float) -> bool:
        """Return whether the token was added, or looks like one that was."""
        self._forget(now)
        indexes = _indexes(digest)
        at, bit = indexes[0] >> 3, 1 << (indexes[0] & 7)
        if not (self._bits[at] | self._older[at]) & bit:  # so it is with nearly all others
            return False
        return _has_all(self._bits, indexes) or _has_all(self._older, indexes)

    def _forget(self, now: float) -> None:
        """Forget what was added before the last ``seconds``. It is forgotten ``seconds`` later at the latest."""
        if now - self._since < self._seconds:
            return
        is_recent = now - self._since < 2 * self._seconds
        self._older = self._bits if is_recent else bytearray(len(self._bits))
        self._bits = bytearray(len(self._bits))
        self._since = now


def _indexes(digest: bytes) -> tuple[int, ...]:
    """Return some bits of a digest, which are random."""
    first, second, third, fourth = _WORDS.unpack_from(digest)
    return first & _MASK, second & _MASK, third & _MASK, fourth & _MASK


def _has_all(bits: bytearray, indexes: tuple[int, ...]) -> bool:
    return all(bits[index >> 3] & (1 << (index & 7)) for index in indexes)
