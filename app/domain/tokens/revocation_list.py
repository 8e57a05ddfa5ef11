"""The list of revoked sessions in the memory of this instance."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import attrgetter

from ..identifiers import SessionId
from .revoked_session import RevokedSession


class RevocationList:
    """The revoked sessions as a set, and as a list in the order of revocation.

    Most revocations arrive in order and are added at the end of the list. ``synced_until`` (seconds since the epoch) is
    the time up to which the list was last read from the store or the feed.
    """

    def __init__(self) -> None:
        self._revoked: set[SessionId] = set()
        self._by_time: list[RevokedSession] = []
        self.synced_until = 0.0

    def add(self, revoked: RevokedSession) -> None:
        """Add a revoked session. A session that is in the list already keeps its time."""
        if revoked.session_id not in self._revoked:
            self._revoked.add(revoked.session_id)
            insort(self._by_time, revoked, key=_order)

    def mark_synced(self, *, until: float) -> None:
        """Set ``synced_until`` to ``until`` (seconds since the epoch)."""
        self.synced_until = until

    def __contains__(self, session_id: SessionId) -> bool:
        """Return whether the session was revoked."""
        return session_id in self._revoked

    def __len__(self) -> int:
        """Return the number of revoked sessions."""
        return len(self._revoked)

    def since(self, moment: float) -> Sequence[RevokedSession]:
        """Return the sessions revoked at or after ``moment``, the earliest first."""
        return self._by_time[self._first(moment) :]

    def forget(self, *, revoked_before: float) -> None:
        """Remove the sessions that were revoked before ``revoked_before``."""
        old = self._first(revoked_before)
        if old:
            self._revoked.difference_update([each.session_id for each in self._by_time[:old]])
            del self._by_time[:old]

    def _first(self, moment: float) -> int:
        """Return the index of the first session revoked at or after ``moment``."""
        return bisect_left(self._by_time, moment, key=attrgetter("revoked_at"))


def _order(revoked: RevokedSession) -> tuple[float, SessionId]:
    return revoked.revoked_at, revoked.session_id
