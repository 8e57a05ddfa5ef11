"""The cut-off in a database."""

import asyncio
from typing import Final

from sqlalchemy import select, text

from ...domain.errors import StoreUnavailable
from .schema import SESSION_CUT_OFF
from .statements import Statements

_FIND: Final = select(SESSION_CUT_OFF.c.cut_off)

_SET: Final = text(
    "INSERT INTO session_cut_off (entry, cut_off) VALUES (1, :cut_off)"
    " ON CONFLICT (entry) DO UPDATE SET cut_off = excluded.cut_off WHERE session_cut_off.cut_off < excluded.cut_off"
)

# The statements that change sessions now, in PostgreSQL.
_CHANGES: Final = text(
    "SELECT virtualtransaction FROM pg_locks WHERE relation = CAST('sessions' AS regclass) AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'RowExclusiveLock'"
)

_CHECK_SECONDS: Final = 0.01
_MAX_CHECKS: Final = 1_000


class StoredCutOff:
    """The part of the session repository that keeps the cut-off, in the table ``session_cut_off``."""

    _statements: Statements

    async def set_cut_off(self, cut_off: int) -> None:
        """Wait for the changes that began before this one was committed: in PostgreSQL they do not see it."""
        await self._statements.execute(_SET, {"cut_off": cut_off})
        earlier = await self._changes()
        for _ in range(_MAX_CHECKS):
            if not earlier:
                return
            await asyncio.sleep(_CHECK_SECONDS)
            earlier &= await self._changes()
        raise StoreUnavailable(
            "The cut-off is stored, but a change of sessions that began before does not end: see pg_stat_activity, end"
            " its transaction, and run this again."
        )

    async def find_cut_off(self) -> int | None:
        rows = await self._statements.fetch(_FIND, {})
        return rows[0].cut_off if rows else None

    async def _changes(self) -> set[str]:
        """Return the changes that run now. SQLite runs one after the other."""
        if self._statements.dialect == "sqlite":
            return set()
        return {row.virtualtransaction for row in await self._statements.fetch(_CHANGES, {})}
