"""Revoked sessions."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import NamedTuple, Self, overload

from ..identifiers import SessionId


class RevokedSession(NamedTuple):
    """The id of a revoked session, and the time of the revocation in seconds since the epoch."""

    session_id: SessionId
    revoked_at: float


class RevokedSessions(Sequence[RevokedSession]):
    """Revoked sessions in two columns of the same length: their ids, and the times of their revocations.

    An instance that starts may read a million of them. So none is an object of its own before it is asked for.
    """

    __slots__ = ("session_ids", "times")

    def __init__(self, session_ids: Sequence[SessionId], times: Sequence[float]) -> None:
        self.session_ids = session_ids
        self.times = times

    @classmethod
    def of(cls, revoked: Iterable[RevokedSession]) -> "RevokedSessions":
        """Return the same sessions in columns."""
        if isinstance(revoked, RevokedSessions):
            return revoked
        pairs = [*revoked]
        return cls([each.session_id for each in pairs], [each.revoked_at for each in pairs])

    def selected(self, chosen: Sequence[object]) -> Self:
        """Return the sessions at whose places ``chosen`` has a true value."""
        if all(chosen):
            return self
        return type(self)([*compress(self.session_ids, chosen)], [*compress(self.times, chosen)])

    @overload
    def __getitem__(self, place: int) -> RevokedSession: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> RevokedSession | Self:
        """Return the session at a place, or those of a slice."""
        if isinstance(place, slice):
            return type(self)(self.session_ids[place], self.times[place])
        return RevokedSession(self.session_ids[place], self.times[place])

    def __iter__(self) -> Iterator[RevokedSession]:
        """Yield the sessions."""
        return map(RevokedSession, self.session_ids, self.times)

    def __len__(self) -> int:
        """Return the number of sessions."""
        return len(self.session_ids)
