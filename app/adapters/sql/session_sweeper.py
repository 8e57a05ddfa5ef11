"""Delete old sessions from a database, in batches that several instances can run at once."""

from typing import Final

from sqlalchemy import bindparam, delete, null, or_, select, update

from ...ports.session_sweeper import SessionSweeper
from .schema import SESSIONS
from .statements import Statements

_SESSION: Final = SESSIONS.c

_WITH_OLD_SALT: Final = (
    select(_SESSION.session_id)
    .where(_SESSION.salt.is_not(None), _SESSION.rotated_at < bindparam("rotated_before"))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)

_ERASE_SALTS: Final = update(SESSIONS).where(_SESSION.session_id.in_(_WITH_OLD_SALT)).values(salt=null())

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

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        return await self._statements.execute(_ERASE_SALTS, {"rotated_before": rotated_before, "max_rows": limit})

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await self._statements.execute(
            _DELETE_ENDED, {"expired_before": expired_before, "revoked_before": revoked_before, "max_rows": limit}
        )
