"""The list of revoked sessions in the memory of this instance."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from operator import attrgetter

from ..identifiers import SessionId
from .claims import AccessTokenClaims
from .policy import MAX_TOKEN_LIFETIME
from .revoked_session import RevokedSession


class RevocationList:
    """The revoked sessions as a set, and as a list in the order of revocation.

    Most revocations arrive in order and are added at the end of the list. ``synced_until`` (seconds since the epoch) is
    the time up to which the list was last read from the store or the feed.

    ``cut_off`` (whole seconds since the epoch) ends every session that began at or before it; ``None`` if there is
    none. ``token_lifetime`` is in seconds: an access token is accepted for at most so long after its ``iat``, because
    the list may not have older revocations.
    """

    def __init__(self) -> None:
        self._revoked: set[SessionId] = set()
        self._by_time: list[RevokedSession] = []
        self.synced_until = 0.0
        self.cut_off: int | None = None
        self.token_lifetime = MAX_TOKEN_LIFETIME

    def add(self, revoked: RevokedSession) -> None:
        """Add a revoked session. A session that is in the list already keeps its time."""
        if revoked.session_id not in self._revoked:
            self._revoked.add(revoked.session_id)
            insort(self._by_time, revoked, key=_order)

    def revoke_until(self, cut_off: int) -> None:
        """Revoke all sessions that began at or before ``cut_off`` (whole seconds since the epoch).

        The cut-off never moves back: an earlier one than the present one changes nothing.
        """
        if self.cut_off is None or cut_off > self.cut_off:
            self.cut_off = cut_off

    def ends(self, claims: AccessTokenClaims) -> bool:
        """Return whether the session of an access token was revoked, by its id or by the cut-off.

        A token without a session is never ended here. ``auth_time`` has whole seconds, as the cut-off has.
        """
        if claims.session_id is None or claims.auth_time is None:
            return False
        return claims.session_id in self._revoked or (self.cut_off is not None and claims.auth_time <= self.cut_off)

    def mark_synced(self, *, until: float) -> None:
        """Set ``synced_until`` to ``until`` (seconds since the epoch)."""
        self.synced_until = until

    def __contains__(self, session_id: SessionId) -> bool:
        """Return whether the session was revoked by its id."""
        return session_id in self._revoked

    def __len__(self) -> int:
        """Return the number of sessions that were revoked by their ids."""
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
