"""Delete old sessions from a database, in batches that several instances can run at once."""

from typing import Final

from sqlalchemy import ColumnElement, Select, and_, any_, bindparam, delete, func, null, or_, select, text, update

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

# The condition of an index.
_UNREVOKED: Final = and_(_SESSION.revoked_at.is_(None), _SESSION.revoked_because.is_(None))

_CUT_OFF_UNREVOKED: Final = (
    select(_SESSION.session_id)
    .where(_UNREVOKED, _SESSION.created_at < text("(SELECT cut_off + 1 FROM session_cut_off)"))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True, of=SESSIONS)
)

_ENDED: Final = (
    select(_SESSION.session_id)
    .where(or_(_SESSION.ends_at < bindparam("expired_before"), _SESSION.revoked_at < bindparam("revoked_before")))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)


class SqlSessionSweeper(SessionSweeper):
    """Deletes from the table ``sessions``. It skips rows that another instance has locked (``SKIP LOCKED``)."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        dialect = statements.dialect
        self._erase_replaced = (
            update(SESSIONS).where(_is_one_of(_WITH_OLD_REPLACED, dialect)).values(replaced=null(), salt=null())
        )
        self._revoke_cut_off = (
            update(SESSIONS)
            .where(_is_one_of(_CUT_OFF_UNREVOKED, dialect))
            .values({**REVOCATION, "revoked_at": CUT_OFF})
        )
        self._delete_ended = delete(SESSIONS).where(_is_one_of(_ENDED, dialect))

    async def erase_replaced(self, *, rotated_before: float, limit: int) -> int:
        return await self._statements.execute(
            self._erase_replaced, {"rotated_before": rotated_before, "max_rows": limit}
        )

    async def revoke_cut_off(self, *, limit: int) -> int:
        """Find the sessions by an index that has no revoked one: without any, a call costs next to nothing."""
        reason = RevocationReason.KEY_COMPROMISED.value
        return await self._statements.execute(self._revoke_cut_off, {"reason": reason, "max_rows": limit})

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await self._statements.execute(
            self._delete_ended, {"expired_before": expired_before, "revoked_before": revoked_before, "max_rows": limit}
        )


def _is_one_of(chosen: Select[tuple[bytes]], dialect: str) -> ColumnElement[bool]:
    """Return the condition that the id of a session is one of ``chosen``.

    PostgreSQL would read the whole table if it expects many of them. It finds the elements of an array by the key.
    """
    if dialect == "postgresql":
        return _SESSION.session_id == any_(func.array(chosen.scalar_subquery()))
    return _SESSION.session_id.in_(chosen)
