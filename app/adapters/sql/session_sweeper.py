"""Forgetting sessions in a database, in batches that several instances can take at once."""

from typing import Final

from sqlalchemy import bindparam, delete, null, or_, select, update

from ...ports.session_sweeper import SessionSweeper
from .acts import Acts
from .schema import SESSIONS

_SESSION: Final = SESSIONS.c

_WITH_OLD_SALT: Final = (
    select(_SESSION.session_id)
    .where(_SESSION.salt.is_not(None), _SESSION.rotated_at < bindparam("rotated_before"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)

_ERASE_SALTS: Final = update(SESSIONS).where(_SESSION.session_id.in_(_WITH_OLD_SALT)).values(salt=null())

_ENDED: Final = (
    select(_SESSION.session_id)
    .where(or_(_SESSION.ends_at < bindparam("expired_before"), _SESSION.revoked_at < bindparam("revoked_before")))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)

_DELETE_ENDED: Final = delete(SESSIONS).where(_SESSION.session_id.in_(_ENDED))


class SqlSessionSweeper(SessionSweeper):
    """The table ``sessions``; rows that another instance is about to change are left to it (``SKIP LOCKED``)."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def erase_salts(self, *, rotated_before: float, limit: int) -> int:
        return await self._acts.changes(_ERASE_SALTS, {"rotated_before": rotated_before, "most": limit})

    async def delete_ended(self, *, expired_before: float, revoked_before: float, limit: int) -> int:
        return await self._acts.changes(
            _DELETE_ENDED, {"expired_before": expired_before, "revoked_before": revoked_before, "most": limit}
        )
