"""The revocations in a database, in pages."""

from typing import Final

from sqlalchemy import bindparam, case, select, tuple_

from ...domain.tokens.revoked_session import RevokedSessions
from ...ports.session_repository import RevocationPage
from .compiled import PLAIN
from .schema import SESSIONS
from .session_rows import AFTER_CUT_OFF
from .statements import Statements

_SESSION: Final = SESSIONS.c

# The sessions that the cut-off ended are read too, and left out afterwards. Otherwise a page could pass over a million
# of them to find a few others. The first condition makes the index fit. It names no time: SQLite would
# begin at that time, and pass over all that was revoked in the same moment.
_PAGE: Final = (
    select(_SESSION.session_id, _SESSION.revoked_at, case((AFTER_CUT_OFF, 1), else_=0).label("is_listed"))
    .where(
        _SESSION.revoked_at.is_not(None),
        tuple_(_SESSION.revoked_at, _SESSION.session_id) > tuple_(bindparam("after_time"), bindparam("after_id")),
    )
    .order_by(_SESSION.revoked_at, _SESSION.session_id)
    .limit(bindparam("max_rows"))
    .execution_options(**PLAIN)
)

_MAX_ROWS: Final = 5_000
"""The rows of a page. They take the event loop a few milliseconds."""


class StoredRevocations:
    """The part of the session repository that lists revocations. A cursor is the time and the id of a row."""

    _statements: Statements

    async def list_revocations(self, moment: float, *, after: str = "") -> RevocationPage:
        time, _, session_id = after.partition(" ")
        place = {"after_time": float(time or moment), "after_id": bytes.fromhex(session_id)}
        rows = await self._statements.fetch(_PAGE, {**place, "max_rows": _MAX_ROWS})
        if not rows:
            return RevocationPage([], None)
        session_ids, times, are_listed = zip(*rows, strict=True)
        revoked = RevokedSessions(session_ids, times).selected(are_listed)
        return RevocationPage(revoked, f"{times[-1]!r} {session_ids[-1].hex()}" if len(rows) == _MAX_ROWS else None)
