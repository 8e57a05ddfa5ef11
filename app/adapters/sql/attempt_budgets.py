"""Budgets of attempts in a database."""

from typing import Final

from sqlalchemy import BigInteger, TextClause, bindparam, delete, select, text, update

from ...domain.model.budget import Budget, microseconds, seconds
from .acts import Acts
from .schema import BUDGETS

_BUDGET: Final = BUDGETS.c


def _statement(sql: str, *numbers: str) -> TextClause:
    return text(sql).bindparams(*(bindparam(name, type_=BigInteger) for name in numbers))


# An attempt that is refused writes nothing. The condition is judged on the row as it is under the statement's lock.
_TAKE: Final = _statement(
    """
    INSERT INTO budgets (budget_key, due) VALUES (:budget_key, :first)
    ON CONFLICT (budget_key) DO UPDATE
    SET due = CASE WHEN budgets.due > :now AND budgets.due <= :latest THEN budgets.due + :interval ELSE :first END
    WHERE budgets.due <= :latest OR budgets.due > :impossible
    RETURNING due
    """,
    "first",
    "now",
    "interval",
    "latest",
    "impossible",
)
_DUE: Final = select(_BUDGET.due).where(_BUDGET.budget_key == bindparam("of_key"))
_GIVE_BACK: Final = (
    update(BUDGETS)
    .where(_BUDGET.budget_key == bindparam("of_key"))
    .values(due=_BUDGET.due - bindparam("interval", type_=BigInteger))
)
_CLEAR: Final = delete(BUDGETS).where(_BUDGET.budget_key == bindparam("of_key"))
_WHOLE: Final = (
    select(_BUDGET.budget_key)
    .where(_BUDGET.due < bindparam("before", type_=BigInteger))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FORGET: Final = delete(BUDGETS).where(_BUDGET.budget_key.in_(_WHOLE))


class SqlAttemptBudgets:
    """The table ``budgets``: when each is whole again, in microseconds since the epoch."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def take(self, key: bytes, budget: Budget, *, now: float) -> float:
        moment = microseconds(now)
        interval, latest = budget.interval(), moment + budget.tolerance()
        taken = await self._acts.changed(
            _TAKE,
            {
                "budget_key": key,
                "first": moment + interval,
                "now": moment,
                "interval": interval,
                "latest": latest,
                "impossible": moment + budget.latest(),
            },
        )
        if taken:
            return 0.0
        rows = await self._acts.rows(_DUE, {"of_key": key})
        return seconds(max(1, rows[0].due - latest)) if rows else seconds(1)

    async def give_back(self, key: bytes, budget: Budget, *, now: float) -> None:  # noqa: ARG002  # past is whole
        await self._acts.changes(_GIVE_BACK, {"of_key": key, "interval": budget.interval()})

    async def clear(self, key: bytes) -> None:
        await self._acts.changes(_CLEAR, {"of_key": key})

    async def forget(self, *, whole_before: float, limit: int) -> int:
        return await self._acts.changes(_FORGET, {"before": microseconds(whole_before), "most": limit})
