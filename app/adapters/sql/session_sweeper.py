"""Delete old sessions from a database, in batches that several instances can run at once."""

from typing import Final

from sqlalchemy import and_, bindparam, delete, null, or_, select, text, update

from ...domain.sessions.session import RevocationReason
from ...ports.session_sweeper import SessionSweeper
from .schema import SESSIONS
from .session_rows import CUT_OFF, REVOCATION
from .statements import Statements

_SESSION: Final = SESSIONS.c

# The condition of an index. The previous version of this program writes only the salt, and erases only the salt.
_HAS_REPLACED: Final = or_(_SESSION.replaced.is_not(None), _SESSION.salt.is_not(None))

_WITH_OLD_REPLACED: Final = (
    select(_SESSION.session_id)
    .where(_HAS_REPLACED, _SESSION.rotated_at < bindparam("rotated_before"))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)

_ERASE_REPLACED: Final = (
    update(SESSIONS).where(_SESSION.session_id.in_(_WITH_OLD_REPLACED)).values(replaced=null(), salt=null())
)

# The condition of an index.
_UNREVOKED: Final = and_(_SESSION.revoked_at.is_(None), _SESSION.revoked_because.is_(None))

_CUT_OFF_UNREVOKED: Final = (
    select(_SESSION.session_id)
    .where(_UNREVOKED, _SESSION.created_at < text("(SELECT cut_off + 1 FROM session_cut_off)"))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True, of=SESSIONS)
)

_REVOKE_CUT_OFF: Final = (
    update(SESSIONS).where(_SESSION.session_id.in_(_CUT_OFF_UNREVOKED)).values({**REVOCATION, "revoked_at": CUT_OFF})
)

_ENDED: Final = (
    select(_SESSION.session_id)
    .where(or_(_SESSION.ends_at < bindparam("expired_before"), _SESSION.revoked_at < bindparam("revoked_before")))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)

_DELETE_ENDED: Final = delete(SESSIONS).where(_SESSION.session_id.in_(_ENDED))


class SqlSessionSweeper(SessionSweeper):
    """Deletes from the table ``sessions``. It skips rows that another instance has locked (``SKIP LOCKED``)."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        return await self._statements.execute(_ERASE_REPLACED, {"rotated_before": rotated_before, "max_rows": limit})

    async def revoke_cut_off(self, *, limit: int) -> int:
        """Find the sessions by an index that has no revoked one: without any, a call costs next to nothing."""
        reason = RevocationReason.KEY_COMPROMISED.value
        return await self._statements.execute(_REVOKE_CUT_OFF, {"reason": reason, "max_rows": limit})

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await self._statements.execute(
            _DELETE_ENDED, {"expired_before": expired_before, "revoked_before": revoked_before, "max_rows": limit}
        )
