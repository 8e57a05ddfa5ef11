"""The audit trail: each event is a line of the log at once and, a moment later, a record in the database."""

import logging
import os
from collections import deque
from itertools import islice
from typing import Any, Final

from ...domain.audit.events import AuditEvent
from ...domain.audit.record import AuditRecord, field_names, to_record
from ...domain.identifiers import format_session_id
from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.audit_trail import AuditTrail
from ...ports.telemetry import Telemetry
from ..request_context import ADDRESS, REQUEST_ID

_LOG: Final = logging.getLogger("keyturn.audit")

MAX_WAITING: Final = 20_000
"""Records that wait for the database. When there are more, the oldest stays in the log only."""

_BATCH: Final = 128
_EVENT_ID_BYTES: Final = 16


class AuditRecorder(AuditTrail):
    """Logs each event at once and saves its record when ``save`` is called: no request waits for the database.

    Without ``records``, events are in the log only.
    """

    def __init__(self, *, records: AuditRecordRepository | None) -> None:
        self._records = records
        self._waiting: deque[AuditRecord] = deque()
        self._dropped = 0

    def record(self, event: AuditEvent) -> None:
        record = to_record(
            event,
            event_id=os.urandom(_EVENT_ID_BYTES).hex(),
            request_id=REQUEST_ID.get() or "",
            address=ADDRESS.get(),
        )
        if _LOG.isEnabledFor(logging.INFO):
            kind: Any = type(event)
            _LOG.info(record.name, extra={"fields": _log_fields(record, field_names(kind))})
        if self._records is None:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._waiting.append(record)

    @property
    def waiting(self) -> int:
        """Return how many records wait to be saved."""
        return len(self._waiting)

    async def save(self) -> None:
        """Save all waiting records; raises ``StoreUnavailable``.

        Records that were not saved go on waiting, even if this call is cancelled. A batch with an unknown outcome is
        saved again; saving a record twice changes nothing.
        """
        try:
            while self._records is not None and self._waiting:
                batch = list(islice(self._waiting, _BATCH))
                await self._records.append(batch)
                self._remove_saved(batch)
        finally:
            _warn_of_unsaved(self._dropped)
            self._dropped = 0

    def give_up(self) -> None:
        """Log how many records were not saved."""
        _warn_of_unsaved(len(self._waiting))

    def _remove_saved(self, batch: list[AuditRecord]) -> None:
        """Remove the saved records. Some may have been dropped meanwhile: they do not count as dropped any more."""
        saved = {record.event_id for record in batch}
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


def _log_fields(record: AuditRecord, names: tuple[str, ...]) -> dict[str, object]:
    """Return the fields ``names`` of an event, without its time, and the address of the client."""
    details = record.details
    logged = {name: details[name] if name in details else getattr(record, name) for name in names if name != "at"}
    if record.session_id is not None:
        logged["session_id"] = format_session_id(record.session_id)
    if record.address:
        logged["address"] = record.address
    return logged


def _warn_of_unsaved(events: int) -> None:
    if events:
        _LOG.warning("audit events are in the log only", extra={"fields": {"events": events}})
