"""The revocation list in memory."""

from ...domain.model.identifiers import SessionId
from ...domain.model.session import Revocation


class MemoryRevocationList:
    """A dictionary from session to the time of its revocation, in the order in which they became known."""

    def __init__(self) -> None:
        self._revoked: dict[SessionId, float] = {}

    def add(self, revocation: Revocation) -> None:
        self._revoked.setdefault(revocation.session_id, revocation.revoked_at)

    def __contains__(self, session_id: SessionId) -> bool:
        return session_id in self._revoked

    def forget(self, *, revoked_before: float) -> None:
        outdated = []
        for session_id, revoked_at in self._revoked.items():
            if revoked_at >= revoked_before:
                break
            outdated.append(session_id)
        for session_id in outdated:
            del self._revoked[session_id]
