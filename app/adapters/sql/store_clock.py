"""The clock of a PostgreSQL server."""

from typing import Final

from sqlalchemy import text

from ...ports.store_clock import StoreClock
from .statements import Statements

_NOW: Final = text("SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS now")


class SqlStoreClock(StoreClock):
    """Reads ``clock_timestamp()``: ``now()`` is the time at which a transaction began."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def now(self) -> float:
        [row] = await self._statements.fetch(_NOW, {})
        return float(row.now)
