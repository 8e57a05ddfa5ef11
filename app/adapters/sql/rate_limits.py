"""Budgets of attempts in a database."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Final

from sqlalchemy import BigInteger, TextClause, Update, bindparam, case, delete, select, text, update

from ...domain.rate_limits.rate_limit import RateLimit, microseconds, seconds
from ...ports.rate_limit_repository import RateLimitRepository
from .acts import Acts
from .schema import BUDGETS

_BUDGET: Final = BUDGETS.c
_NAMED: Final = _BUDGET.budget_key.in_(bindparam("keys", expanding=True))
_DUE: Final = select(_BUDGET.budget_key, _BUDGET.due).where(_NAMED)

# Here as in _take rows are locked in the order of their keys, so that no two acts wait for each other.
_LOCKED: Final = select(_BUDGET.budget_key).where(_NAMED).order_by(_BUDGET.budget_key).with_for_update()
_CLEAR: Final = delete(BUDGETS).where(_BUDGET.budget_key.in_(_LOCKED))
_WHOLE: Final = (
    select(_BUDGET.budget_key)
    .where(_BUDGET.due < bindparam("before", type_=BigInteger))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FORGET: Final = delete(BUDGETS).where(_BUDGET.budget_key.in_(_WHOLE))


class SqlRateLimitRepository(RateLimitRepository):
    """The table ``budgets``: when each is whole again, in microseconds since the epoch."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def take(self, limits: Mapping[bytes, RateLimit], *, now: float) -> Mapping[bytes, float]:
        """Look first, so that a refusal writes nothing; where another is faster then, look again."""
        while not (waits := await self._waits(limits, now)):
            taken = await self._take(limits, now)
            if len(taken) == len(limits):
                break
            if taken:
                await self.give_back({key: limits[key] for key in taken}, now=now)
        return waits

    async def give_back(self, limits: Mapping[bytes, RateLimit], *, now: float) -> None:  # noqa: ARG002  # past is whole
        numbers = {f"interval_{place}": limits[key].interval() for place, key in enumerate(sorted(limits))}
        await self._acts.changes(_give_back(len(limits)), {"keys": [*limits], **_keys(limits), **numbers})

    async def reset(self, keys: Collection[bytes]) -> None:
        await self._acts.changes(_CLEAR, {"keys": [*keys]})

    async def delete_full(self, *, full_before: float, limit: int) -> int:
        return await self._acts.changes(_FORGET, {"before": microseconds(full_before), "most": limit})

    async def _waits(self, limits: Mapping[bytes, RateLimit], now: float) -> Mapping[bytes, float]:
        rows = await self._acts.rows(_DUE, {"keys": [*limits]})
        waits = {row.budget_key: limits[row.budget_key].take(row.due, microseconds(now))[1] for row in rows}
        return {key: seconds(wait) for key, wait in waits.items() if wait}

    async def _take(self, limits: Mapping[bytes, RateLimit], now: float) -> Collection[bytes]:
        """Take from each budget that has an attempt; return the keys of those."""
        moment = microseconds(now)
        numbers = {"now": moment}
        for place, key in enumerate(sorted(limits)):
            limit = limits[key]
            numbers[f"first_{place}"] = moment + limit.interval()
            numbers[f"last_{place}"] = moment + limit.tolerance()
            numbers[f"impossible_{place}"] = moment + limit.max_ahead()
        rows = await self._acts.changed(_take(len(limits)), {**_keys(limits), **numbers})
        return [row.budget_key for row in rows]


def _keys(rate_limits: Collection[bytes]) -> Mapping[str, bytes]:
    return {f"key_{place}": key for place, key in enumerate(sorted(rate_limits))}


@cache
def _take(rate_limits: int) -> TextClause:
    """Return the statement that takes from so many. The condition is judged on each row as it is under the statement's
    lock; a row that is new or impossible begins at the first attempt.
    """
    places = range(rate_limits)
    rows = ", ".join(f"(:key_{place}, :first_{place})" for place in places)

    def of_row(number: str) -> str:
        return (
            f"CASE budgets.budget_key {' '.join(f'WHEN :key_{place} THEN :{number}_{place}' for place in places)} END"
        )

    sql = f"""
        INSERT INTO budgets (budget_key, due) VALUES {rows}
        ON CONFLICT (budget_key) DO UPDATE
        SET due = CASE
            WHEN budgets.due > :now AND budgets.due <= {of_row("last")} THEN budgets.due + excluded.due - :now
            ELSE excluded.due
        END
        WHERE budgets.due <= {of_row("last")} OR budgets.due > {of_row("impossible")}
        RETURNING budget_key
    """  # noqa: S608  # names of parameters alone
    numbers = ("now", *(f"{number}_{place}" for number in ("first", "last", "impossible") for place in places))
    return text(sql).bindparams(*(bindparam(number, type_=BigInteger) for number in numbers))


@cache
def _give_back(rate_limits: int) -> Update:
    """Return the statement that gives back to so many."""
    intervals = [
        (_BUDGET.budget_key == bindparam(f"key_{place}"), bindparam(f"interval_{place}", type_=BigInteger))
        for place in range(rate_limits)
    ]
    return update(BUDGETS).where(_BUDGET.budget_key.in_(_LOCKED)).values(due=_BUDGET.due - case(*intervals, else_=0))
