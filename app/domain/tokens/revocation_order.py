"""Revoked sessions in the order of their revocation."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple, Self

from .. import base64url
from ..identifiers import SessionId
from .revoked_session import RevokedSession, RevokedSessions

_FORM: Final = Struct(">d16s")
"""An entry: the time of the revocation and the session id. Such bytes of times since the epoch are ordered as times."""

_ENTRY: Final = _FORM.size

MAX_BLOCK: Final = 8_192
"""The greatest number of entries in a block."""


class RevocationPosition(NamedTuple):
    """A place in the order: behind all sessions revoked before ``moment`` (seconds since the epoch), and behind those
    revoked at that time whose ids are not greater than ``session_id``.
    """

    moment: float
    session_id: SessionId = SessionId(b"")

    @classmethod
    def of(cls, entry: bytes) -> Self:
        """Return the position of an entry."""
        moment, session_id = _FORM.unpack(entry)
        return cls(moment, SessionId(session_id))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the position that ``text`` names; raises ``ValueError``."""
        entry = base64url.decode(text)
        if len(entry) != _ENTRY:
            raise ValueError("a position has 24 bytes")
        return cls.of(entry)

    def text(self) -> str:
        """Return the position of an entry as text for a URL: 32 characters."""
        return base64url.encode(self.key())

    def key(self) -> bytes:
        """Return the position as bytes, which are ordered like the entries."""
        return _FORM.pack(max(0.0, self.moment), self.session_id)[: 8 + len(self.session_id)]


@dataclass(frozen=True, slots=True)
class RevocationBlock:
    """Some revoked sessions in a row. ``after`` is the position before them. ``next`` is the position of the last of
    them, ``None`` if no other follows.
    """

    entries: bytes
    after: RevocationPosition
    next: RevocationPosition | None

    def __iter__(self) -> Iterator[RevokedSession]:
        """Yield the sessions."""
        return (RevokedSession(SessionId(each), at) for at, each in _FORM.iter_unpack(self.entries))

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.entries) // _ENTRY


BEGINNING: Final = RevocationPosition(0.0, SessionId(bytes(16)))
"""The position before all sessions, in the form of an entry."""


class RevocationOrder:
    """The revoked sessions, ordered by the time of their revocation and then by id: the same order on every instance.

    The entries are in blocks, which are bytes and not objects. So an entry takes 24 bytes, the garbage collector has
    nothing to look at, and no act takes longer because there are many entries.
    """

    def __init__(self) -> None:
        self._blocks: list[bytearray] = []

    def add_each(self, revoked: Iterable[RevokedSession]) -> None:
        """Add sessions that are not there. Those in order, after all others, are fastest."""
        entries = _packed(RevokedSessions.of(revoked))
        if entries and (not self._blocks or entries[0] > _last(self._blocks[-1])):
            self._append(entries)
        else:
            for entry in entries:
                self._insert(entry)

    def discard(self, revoked: RevokedSession) -> None:
        """Remove a session if it is there."""
        entry = _FORM.pack(revoked.revoked_at, revoked.session_id)
        number = bisect_right(self._blocks, entry, key=_first) - 1
        if number < 0:
            return
        block = self._blocks[number]
        place = _place(block, entry)
        if block[place : place + _ENTRY] == entry:
            del block[place : place + _ENTRY]
            if not block:
                del self._blocks[number]

    def block_after(self, position: RevocationPosition, *, whole: bool = False) -> RevocationBlock:
        """Return the entries that follow ``position``, up to the end of their block, at most 8,192.

        If ``whole``, the entries of the block before ``position`` are there too. So there are only as many answers as
        blocks, whatever the positions.
        """
        key = position.key()
        number = bisect_right(self._blocks, key, key=_last)
        before = RevocationPosition.of(_last(self._blocks[number - 1])) if number else BEGINNING
        if number == len(self._blocks):
            return RevocationBlock(b"", before, None)
        block = self._blocks[number]
        following = RevocationPosition.of(_last(block)) if number + 1 < len(self._blocks) else None
        if whole:
            return RevocationBlock(bytes(block), before, following)
        place = bisect_right(_Entries(block), key) * _ENTRY
        return RevocationBlock(bytes(block[place:]), position, following)

    def blocks(self, position: RevocationPosition) -> Iterator[RevocationBlock]:
        """Yield the blocks that follow ``position``. The order may change between two of them."""
        following: RevocationPosition | None = position
        while following is not None:
            block = self.block_after(following)
            yield block
            following = block.next

    def remove_before(self, moment: float, *, limit: int) -> Iterator[SessionId]:
        """Remove the sessions that were revoked before ``moment``, at most ``limit``, the earliest first. Yield their
        ids.
        """
        key = RevocationPosition(moment).key()
        while limit > 0 and self._blocks and self._blocks[0] < key:
            block = self._blocks[0]
            end = min(_place(block, key), limit * _ENTRY)
            removed = bytes(block[:end])
            del block[:end]
            if not block:
                del self._blocks[0]
            limit -= end // _ENTRY
            yield from (SessionId(each) for _, each in _FORM.iter_unpack(removed))

    def __len__(self) -> int:
        """Return the number of sessions."""
        return sum(map(len, self._blocks)) // _ENTRY

    def _append(self, entries: Sequence[bytes]) -> None:
        first = 0
        while first < len(entries):
            if not self._blocks or len(self._blocks[-1]) >= MAX_BLOCK * _ENTRY:
                self._blocks.append(bytearray())
            end = first + MAX_BLOCK - len(self._blocks[-1]) // _ENTRY
            self._blocks[-1] += b"".join(entries[first:end])
            first = end

    def _insert(self, entry: bytes) -> None:
        if not self._blocks or entry > _last(self._blocks[-1]):
            self._append([entry])
            return
        number = max(0, bisect_right(self._blocks, entry, key=_first) - 1)
        block = self._blocks[number]
        place = _place(block, entry)
        block[place:place] = entry
        if len(block) > MAX_BLOCK * _ENTRY:
            half = len(block) // _ENTRY // 2 * _ENTRY
            self._blocks.insert(number + 1, block[half:])
            del block[half:]


class _Entries(Sequence[bytes]):
    """The entries of a block, for a binary search."""

    def __init__(self, block: bytearray) -> None:
        self._block = block

    def __len__(self) -> int:
        return len(self._block) // _ENTRY

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]  # a search takes no slices
        return bytes(self._block[number * _ENTRY : (number + 1) * _ENTRY])


def _packed(revoked: RevokedSessions) -> list[bytes]:
    """Return the entries of the sessions in their order. A time before the epoch counts as the epoch."""
    times = revoked.times if min(revoked.times, default=0.0) >= 0.0 else [max(0.0, at) for at in revoked.times]
    return sorted(map(_FORM.pack, times, revoked.session_ids))


def _place(block: bytearray, entry: bytes) -> int:
    """Return at which byte of the block ``entry`` is or would be."""
    return bisect_left(_Entries(block), entry) * _ENTRY


def _first(block: bytearray) -> bytes:
    return bytes(block[:_ENTRY])


def _last(block: bytearray) -> bytes:
    return bytes(block[-_ENTRY:])
