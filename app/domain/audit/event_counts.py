"""Counts of events: how many sign-ins, refusals and reuses there were in each minute.

The counts of an instance become audit records, which have the bound and the retention of all others. So a plot reads a
few numbers, however many events there were.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from .events import (
    AuditEvent,
    ForeignClientRefused,
    LoginFailed,
    LoginSucceeded,
    RaceLost,
    ReuseDetected,
    TokenUntraced,
)
from .record import AuditRecord, event_name

EVENT_COUNTS: Final = "event_counts"
"""The name of a record with counts. Its ``details`` have the number of the events of each name."""

MINUTE: Final = 60
"""Seconds that are counted together. A record has the time at which its minute begins."""

COUNTED: Final[dict[Any, str]] = {
    kind: event_name(kind)
    for kind in (LoginSucceeded, LoginFailed, ForeignClientRefused, RaceLost, TokenUntraced, ReuseDetected)
}
"""The events that are counted, and their names."""


class EventCounts:
    """Counts the events of one instance by minutes."""

    def __init__(self) -> None:
        self._minutes: dict[int, Counter[str]] = {}

    def add(self, event: AuditEvent) -> None:
        """Count ``event``, which is one of ``COUNTED``."""
        self._minutes.setdefault(int(event.at) // MINUTE, Counter())[COUNTED[type(event)]] += 1

    def take(self, *, until: float) -> Iterator[tuple[float, Counter[str]]]:
        """Yield the beginning and the counts of each minute that has ended at ``until``, and forget them. Times are
        seconds since the epoch.
        """
        for minute in sorted(each for each in self._minutes if (each + 1) * MINUTE <= until):
            yield float(minute * MINUTE), self._minutes.pop(minute)


def counts_record(at: float, counts: Counter[str], *, event_id: str) -> AuditRecord:
    """Return the record of the counts of the minute that begins at ``at``."""
    return AuditRecord(event_id=event_id, at=at, name=EVENT_COUNTS, details=dict(counts))
