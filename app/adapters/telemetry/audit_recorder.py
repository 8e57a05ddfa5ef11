"""The audit trail: each event is logged at once, and stored in the database within a second."""

import logging
import os
import time
from collections import deque
from collections.abc import Sequence
from functools import cache
from itertools import islice
from math import inf
from typing import Any, Final, NamedTuple

from ...domain.audit.event_counts import COUNTED, EventCounts, counts_record
from ...domain.audit.events import AuditEvent
from ...domain.audit.record import (
    MAX_OF_SUBJECT,
    MAX_TEXT_LENGTH,
    MAX_WITHOUT_SUBJECT,
    AuditRecord,
    event_name,
    field_names,
    to_record,
)
from ...domain.identifiers import format_session_id
from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.audit_trail import AuditTrail
from ...ports.telemetry import Telemetry
from ..log_lines import PreparedLine, fields_text
from ..request_context import ADDRESS, REQUEST_ID

_LOG: Final = logging.getLogger("keyturn.audit")

MAX_WAITING: Final = 20_000
"""The most events that wait for the database. Beyond it, the oldest one is dropped: it is in the log only."""

_BATCH: Final = 128
_RANDOM_BYTES: Final = 10
_MAX_MILLISECONDS: Final = (1 << 48) - 1
_RECORDS_FOR_A_TRIM: Final = 64
_RECORDS_WITHOUT_SUBJECT_FOR_A_TRIM: Final = 1_024
"""One record in so many, chosen by the end of its id, makes the recorder delete what is beyond the bounds. So a bound
is exceeded by a few hundred records of a subject, or a few thousand without one, whatever the number of processes is.
Most records cost nothing more. A trim reads as many records as it keeps.
"""

_MAX_TRIMMED: Final = 4_000


class _WaitingEvent(NamedTuple):
    """An event that is not saved yet, and the request during which it was recorded."""

    event: AuditEvent
    event_id: str
    request_id: str
    address: str

    def to_record(self) -> AuditRecord:
        return to_record(self.event, event_id=self.event_id, request_id=self.request_id, address=self.address)


class _WaitingCounts(NamedTuple):
    """A record with counts that is not saved yet."""

    record: AuditRecord

    @property
    def event_id(self) -> str:
        return self.record.event_id

    def to_record(self) -> AuditRecord:
        return self.record


class AuditRecorder(AuditTrail):
    """Logs each event at once, and stores its record when ``save`` is called, so that no request waits for the
    database. The database keeps a bounded number of records of each kind for each subject. After each minute it also
    gets a record with the counts of some events.

    Without ``records``, events are in the log only.
    """

    def __init__(self, *, records: AuditRecordRepository | None) -> None:
        self._records = records
        self._waiting: deque[_WaitingEvent | _WaitingCounts] = deque()
        self._counts = EventCounts()
        self._dropped = 0

    def record(self, event: AuditEvent) -> None:
        address = ADDRESS.get()
        if _LOG.isEnabledFor(logging.INFO):
            kind: Any = type(event)
            _line(kind).log(_log_fields(event, address))
        if self._records is None:
            return
        if type(event) in COUNTED:
            self._counts.add(event)
        while len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(_WaitingEvent(event, _new_id(event.at), REQUEST_ID.get() or "", address))

    @property
    def waiting(self) -> int:
        """Return how many events wait to be saved."""
        return len(self._waiting)

    async def save(self, *, last: bool = False) -> None:
        """Save the records of all waiting events, and the counts of the minutes that have passed, or of all if this is
        the ``last`` time; raises ``StoreUnavailable``.

        Events that were not saved still wait, even if this call is cancelled. A batch is saved again if it is not known
        whether it was saved; saving a record twice changes nothing.
        """
        for at, counts in self._counts.take(until=inf if last else time.time()):
            self._waiting.append(_WaitingCounts(counts_record(at, counts, event_id=_new_id(at))))
        try:
            while self._records is not None and self._waiting:
                batch = list(islice(self._waiting, _BATCH))
                saved = [each.to_record() for each in batch]
                await self._records.append(saved)
                self._remove_saved(batch)
                await _trim(self._records, saved)
        finally:
            _warn_of_unsaved(self._dropped)
            self._dropped = 0

    def give_up(self) -> None:
        """Log how many events were not saved."""
        _warn_of_unsaved(sum(isinstance(each, _WaitingEvent) for each in self._waiting))

    def _remove_saved(self, batch: list[_WaitingEvent | _WaitingCounts]) -> None:
        """Remove the saved events. Those that were dropped while they were saved no longer count as dropped."""
        saved = {each.event_id for each in batch}
        while self._waiting and self._waiting[0].event_id in saved:
            saved.remove(self._waiting.popleft().event_id)
        self._dropped -= len(saved)


class CountedAuditTrail(AuditTrail):
    """Passes each event to ``trail`` and to telemetry."""

    def __init__(self, trail: AuditTrail, *, telemetry: Telemetry) -> None:
        self._trail = trail
        self._telemetry = telemetry

    def record(self, event: AuditEvent) -> None:
        self._trail.record(event)
        self._telemetry.event_recorded(event)


async def _trim(records: AuditRecordRepository, saved: Sequence[AuditRecord]) -> None:
    """Delete the surplus of some of the kinds that were saved; raises ``StoreUnavailable``."""
    chosen = {(each.subject, each.name) for each in saved if _is_chosen(each)}
    for subject, name in chosen:
        keep = MAX_WITHOUT_SUBJECT if subject is None else MAX_OF_SUBJECT
        await records.trim(subject, name, keep=keep, limit=_MAX_TRIMMED)


def _new_id(at: float) -> str:
    """Return an id of 32 hexadecimal digits: the time in milliseconds, and 80 random bits.

    Ids of the same second are neighbours in an index, so that a database changes few pages for many records.
    """
    return f"{int(at * 1000) & _MAX_MILLISECONDS:012x}{os.urandom(_RANDOM_BYTES).hex()}"


def _is_chosen(record: AuditRecord) -> bool:
    """Return whether the record makes the recorder trim its kind."""
    share = _RECORDS_WITHOUT_SUBJECT_FOR_A_TRIM if record.subject is None else _RECORDS_FOR_A_TRIM
    return int(record.event_id, 16) % share == 0


@cache
def _line(kind: Any) -> PreparedLine:
    """Return the line of this type of event."""
    return PreparedLine(_LOG, event_name(kind), fields_text)


def _log_fields(event: AuditEvent, address: str) -> dict[str, object]:
    """Return the fields of ``event`` without its time. An address of the event replaces that of the request."""
    kind: Any = type(event)
    logged: dict[str, Any] = {}
    for name in field_names(kind):
        value = getattr(event, name)
        logged[name] = value[:MAX_TEXT_LENGTH] if isinstance(value, str) else value
    del logged["at"]
    if "session_id" in logged:
        logged["session_id"] = format_session_id(logged["session_id"])
    if address and not logged.get("address"):
        logged["address"] = address[:MAX_TEXT_LENGTH]
    return logged


def _warn_of_unsaved(events: int) -> None:
    if events:
        _LOG.warning("audit events are in the log only", extra={"fields": {"events": events}})
