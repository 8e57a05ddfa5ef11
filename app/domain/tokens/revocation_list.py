"""The list of revoked sessions in the memory of this instance."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ..identifiers import SessionId
from .claims import AccessTokenClaims
from .policy import MAX_TOKEN_LIFETIME
from .revocation_order import RevocationBlock, RevocationOrder, RevocationPosition
from .revoked_session import RevokedSession, RevokedSessions

_SHARDS: Final = 256
"""The ids are in so many dictionaries, by their first byte. One that grows copies itself in one step of the event loop.
"""

_MAX_FORGOTTEN: Final = 10_000


class RevocationList:
    """The revoked sessions by their ids, and in the order of revocation.

    The ids are the keys of dictionaries without values. The garbage collector of CPython does not look at a dictionary
    of bytes and ``None``. It would look at each member of a set, for a tenth of a second in a million.

    A session takes about 140 bytes. Each act takes as long with a million sessions as with ten. ``version`` changes
    when a session or a cut-off is added. ``synced_until`` (seconds since the epoch) is the time up to which the list
    was last read from the store or the feed.

    ``cut_off`` (whole seconds since the epoch) ends every session that began at or before it; ``None`` if there is
    none. ``token_lifetime`` is in seconds: an access token is accepted for at most so long after its ``iat``, because
    the list may not have older revocations.
    """

    def __init__(self) -> None:
        self._revoked: tuple[dict[SessionId, None], ...] = tuple({} for _ in range(_SHARDS))
        self._order = RevocationOrder()
        self.version = 0
        self.synced_until = 0.0
        self.cut_off: int | None = None
        self.token_lifetime = MAX_TOKEN_LIFETIME

    def add(self, revoked: RevokedSession) -> None:
        """Add a revoked session. A session that is in the list already keeps its time."""
        self.add_each((revoked,))

    def add_each(self, revoked: Iterable[RevokedSession]) -> None:
        """Add revoked sessions as ``add`` does. 5,000 of them, in their order, take a few milliseconds."""
        columns = RevokedSessions.of(revoked)
        new = columns.selected(self._add_ids(columns.session_ids))
        self._order.add_each(new)
        self.version += len(new)

    def _add_ids(self, session_ids: Sequence[SessionId]) -> Sequence[bool]:
        """Add the ids to their dictionaries. Return for each of them whether it is new."""
        shards, are_new = self._revoked, []
        for session_id in session_ids:
            shard = shards[session_id[0]]
            is_new = session_id not in shard
            are_new.append(is_new)
            if is_new:
                shard[session_id] = None
        return are_new

    def revoke_until(self, cut_off: int) -> None:
        """Revoke all sessions that began at or before ``cut_off`` (whole seconds since the epoch).

        The cut-off never moves back: an earlier one than the present one changes nothing.
        """
        if self.cut_off is None or cut_off > self.cut_off:
            self.cut_off = cut_off
            self.version += 1

    def ends(self, claims: AccessTokenClaims) -> bool:
        """Return whether the session of an access token was revoked, by its id or by the cut-off.

        A token without a session is never ended here. ``auth_time`` has whole seconds, as the cut-off has.
        """
        session_id = claims.session_id
        if session_id is None or claims.auth_time is None:
            return False
        return session_id in self._revoked[session_id[0]] or (
            self.cut_off is not None and claims.auth_time <= self.cut_off
        )

    def mark_synced(self, *, until: float) -> None:
        """Set ``synced_until`` to ``until`` (seconds since the epoch)."""
        self.synced_until = until

    def __contains__(self, session_id: SessionId) -> bool:
        """Return whether the session was revoked by its id."""
        return session_id in self._revoked[session_id[0]]

    def __len__(self) -> int:
        """Return the number of sessions that were revoked by their ids."""
        return len(self._order)

    def since(self, moment: float) -> "RevokedSince":
        """Return the sessions revoked at or after ``moment``, the earliest first."""
        return RevokedSince(self._order, moment)

    def block_after(self, position: RevocationPosition, *, whole: bool = False) -> RevocationBlock:
        """Return the sessions after ``position`` as ``RevocationOrder.block_after`` does."""
        return self._order.block_after(position, whole=whole)

    def forget(self, *, revoked_before: float) -> None:
        """Remove sessions that were revoked before ``revoked_before``, the earliest first: at most 10,000 in a call."""
        for session_id in self._order.remove_before(revoked_before, limit=_MAX_FORGOTTEN):
            self._revoked[session_id[0]].pop(session_id, None)


@dataclass(frozen=True, slots=True)
class RevokedSince:
    """The sessions revoked at or after ``moment``, in their order. They are read while they are iterated over: sessions
    that are added meanwhile may be there or not.
    """

    order: RevocationOrder
    moment: float

    def __iter__(self) -> Iterator[RevokedSession]:
        """Yield the sessions, the earliest first."""
        for block in self.order.blocks(RevocationPosition(self.moment)):
            yield from block
