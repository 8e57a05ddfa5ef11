"""Rate limits in a database."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from sqlalchemy import BigInteger, TextClause, Update, bindparam, case, delete, select, text, update

from ...domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository
from .schema import RATE_LIMITS
from .statements import Statements

_LIMIT: Final = RATE_LIMITS.c
_NAMED: Final = _LIMIT.budget_key.in_(bindparam("keys", expanding=True))
_FIND: Final = select(_LIMIT.budget_key, _LIMIT.due).where(_NAMED)

# Rows are locked in the order of their keys, here and in _take, so that no two statements wait for each other.
_LOCKED: Final = select(_LIMIT.budget_key).where(_NAMED).order_by(_LIMIT.budget_key).with_for_update()
_RESET: Final = delete(RATE_LIMITS).where(_LIMIT.budget_key.in_(_LOCKED))
# A CTE runs once. PostgreSQL may run a subquery again for each row, and would then delete more rows than it may.
_FULL: Final = (
    select(_LIMIT.budget_key)
    .where(_LIMIT.due < bindparam("before", type_=BigInteger))
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
    .cte("full_limits")
)
_DELETE_FULL: Final = delete(RATE_LIMITS).where(_LIMIT.budget_key.in_(select(_FULL.c.budget_key)))


class SqlRateLimitRepository(RateLimitRepository):
    """Keeps in the table ``budgets`` when each limit is full again, in microseconds since the epoch (``due``)."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        """Read first, so that a refusal writes nothing. If another call takes an attempt after that, read again."""
        while not (waits := await self._waits(limits, now)):
            taken = await self._take(limits, now)
            if len(taken) == len(limits):
                break
            if taken:
                await self.give_back({key: limits[key] for key in taken}, now=now)
        return waits

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:  # noqa: ARG002  # a time in the past means full
        intervals = {f"interval_{number}": limits[key].interval for number, key in enumerate(sorted(limits))}
        parameters = {"keys": [*limits], **_key_parameters(limits), **intervals}
        await self._statements.execute(_give_back(len(limits)), parameters)

    async def reset(self, keys: Collection[bytes]) -> None:
        await self._statements.execute(_RESET, {"keys": [*keys]})

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        return await self._statements.execute(_DELETE_FULL, {"before": microseconds(full_before), "max_rows": limit})

    async def _waits(self, limits: Mapping[bytes, RateLimit], now: float) -> Mapping[bytes, float]:
        rows = await self._statements.fetch(_FIND, {"keys": [*limits]})
        waits = {row.budget_key: limits[row.budget_key].take(row.due, microseconds(now))[1] for row in rows}
        return {key: seconds(wait) for key, wait in waits.items() if wait}

    async def _take(self, limits: Mapping[bytes, RateLimit], now: float) -> Collection[bytes]:
        """Take an attempt from each limit that has one; return the keys of those limits."""
        moment = microseconds(now)
        times = {"now": moment}
        for number, key in enumerate(sorted(limits)):
            limit = limits[key]
            times[f"first_{number}"] = moment + limit.interval
            times[f"last_{number}"] = moment + limit.tolerance
            times[f"latest_{number}"] = moment + limit.max_ahead
        rows = await self._statements.execute_returning(_take(len(limits)), {**_key_parameters(limits), **times})
        return [row.budget_key for row in rows]


def _key_parameters(keys: Collection[bytes]) -> Mapping[str, bytes]:
    return {f"key_{number}": key for number, key in enumerate(sorted(keys))}


@cache
def _take(count: int) -> TextClause:
    """Return the statement that takes an attempt from ``count`` limits. The database checks the condition on each row
    while it holds the row's lock. A row that is new, or later than the limit allows, starts with one attempt.
    """
    numbers = range(count)
    rows = ", ".join(f"(:key_{n}, :first_{n})" for n in numbers)

    def of_row(name: str) -> str:
        return f"CASE budgets.budget_key {' '.join(f'WHEN :key_{n} THEN :{name}_{n}' for n in numbers)} END"

    sql = f"""
        INSERT INTO budgets (budget_key, due) VALUES {rows}
        ON CONFLICT (budget_key) DO UPDATE
        SET due = CASE
            WHEN budgets.due > :now AND budgets.due <= {of_row("last")} THEN budgets.due + excluded.due - :now
            ELSE excluded.due
        END
        WHERE budgets.due <= {of_row("last")} OR budgets.due > {of_row("latest")}
        RETURNING budget_key
    """  # noqa: S608  # names of parameters alone
    names = ("now", *(f"{name}_{n}" for name in ("first", "last", "latest") for n in numbers))
    return text(sql).bindparams(*(bindparam(name, type_=BigInteger) for name in names))


@cache
def _give_back(count: int) -> Update:
    """Return the statement that gives back an attempt to ``count`` limits."""
    intervals = [
        (_LIMIT.budget_key == bindparam(f"key_{number}"), bindparam(f"interval_{number}", type_=BigInteger))
        for number in range(count)
    ]
    return update(RATE_LIMITS).where(_LIMIT.budget_key.in_(_LOCKED)).values(due=_LIMIT.due - case(*intervals, else_=0))
