"""The revocation list in memory."""

from heapq import heappop, heappush

from ...domain.model.identifiers import SessionId
from ...domain.model.session import Revocation


class MemoryRevocationList:
    """A set of sessions, and a heap of them by the time of their revocation: they become known in no order."""

    def __init__(self) -> None:
        self._revoked: set[SessionId] = set()
        self._by_time: list[tuple[float, SessionId]] = []

    def add(self, revocation: Revocation) -> None:
        if revocation.session_id not in self._revoked:
            self._revoked.add(revocation.session_id)
            heappush(self._by_time, (revocation.revoked_at, revocation.session_id))

    def __contains__(self, session_id: SessionId) -> bool:
        return session_id in self._revoked

    def forget(self, *, revoked_before: float) -> None:
        while self._by_time and self._by_time[0][0] < revoked_before:
            _, session_id = heappop(self._by_time)
            self._revoked.remove(session_id)
