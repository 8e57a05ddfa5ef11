"""The revocation list in memory."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import attrgetter

from ..identifiers import SessionId
from .revoked_session import RevokedSession


class RevocationList:
    """A set of sessions, and a sorted list of them by the time of their revocation.

    They become known nearly in order, so most go to the end of the list.
    """

    def __init__(self) -> None:
        self._revoked: set[SessionId] = set()
        self._by_time: list[RevokedSession] = []
        self.synced_until = 0.0

    def add(self, revocation: RevokedSession) -> None:
        if revocation.session_id not in self._revoked:
            self._revoked.add(revocation.session_id)
            insort(self._by_time, revocation, key=_order)

    def mark_synced(self, *, until: float) -> None:
        self.synced_until = until

    def __contains__(self, session_id: SessionId) -> bool:
        return session_id in self._revoked

    def __len__(self) -> int:
        return len(self._revoked)

    def since(self, moment: float) -> Sequence[RevokedSession]:
        return self._by_time[self._first(moment) :]

    def forget(self, *, revoked_before: float) -> None:
        old = self._first(revoked_before)
        if old:
            self._revoked.difference_update([each.session_id for each in self._by_time[:old]])
            del self._by_time[:old]

    def _first(self, moment: float) -> int:
        """Return the place of the first revocation from ``moment`` on."""
        return bisect_left(self._by_time, moment, key=attrgetter("revoked_at"))


def _order(revocation: RevokedSession) -> tuple[float, SessionId]:
    return revocation.revoked_at, revocation.session_id
