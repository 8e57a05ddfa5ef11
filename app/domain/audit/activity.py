"""Activity: how many sign-ins, refusals and reuses there were in each step of a time span."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.clock import Clock
from .event_counts import COUNTED, EVENT_COUNTS
from .record import AuditRecord

MAX_READ: Final = 2_000
"""The most records that one page reads. An instance makes at most one record a minute."""

_NAMES: Final = frozenset(COUNTED.values())


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """The counts of events, by the beginning of each step of ``since`` to ``until`` that has any, the earliest first.

    Times are whole seconds since the epoch. If the page is not whole, there was more to read: another page until
    ``since`` has the rest.
    """

    since: int
    until: int
    counts: Mapping[int, Mapping[str, int]]
    is_whole: bool


class Activity:
    """Reads the counts of events of all instances. ``audit_records`` is ``None`` if the database keeps no records."""

    def __init__(self, *, audit_records: AuditRecordRepository | None, clock: Clock) -> None:
        self._audit_records = audit_records
        self._clock = clock

    async def page(self, *, span: int, until: int | None, step: int) -> ActivityPage:
        """Return the counts of the ``span`` seconds before ``until``, or before now, in steps of ``step`` seconds.
        Steps begin at multiples of ``step``. At most 2,000 records are read, the latest.

        If the records of a single step are more than that, the page has a part of them. Raises ``StoreUnavailable``.
        """
        until = int(self._clock.now()) + 1 if until is None else until
        requested = since = max(0, until - span) // step * step
        records: Sequence[AuditRecord] = ()
        if self._audit_records is not None:
            records = await self._audit_records.list_for_subject(
                None, names=[EVENT_COUNTS], since=since, until=until - 1, limit=MAX_READ
            )
        if len(records) >= MAX_READ:
            since = max(since, _whole_steps_since(int(records[0].at), until=until, step=step))
        return ActivityPage(since, until, _counted(records, since=since, step=step), is_whole=since == requested)


def _whole_steps_since(oldest: int, *, until: int, step: int) -> int:
    """Return the beginning of the first step of which all records were read, or of the last step."""
    return min(-(-(oldest + 1) // step), (until - 1) // step) * step


def _counted(records: Sequence[AuditRecord], *, since: int, step: int) -> Mapping[int, Mapping[str, int]]:
    steps: dict[int, Counter[str]] = {}
    for record in records:
        if record.at >= since:
            numbers = {name: number for name, number in record.details.items() if _is_count(name, number)}
            steps.setdefault(int(record.at) // step * step, Counter()).update(numbers)
    return steps


def _is_count(name: str, number: object) -> bool:
    """Return whether a detail is a count: another version may have written others."""
    return name in _NAMES and isinstance(number, int) and not isinstance(number, bool) and number >= 0
