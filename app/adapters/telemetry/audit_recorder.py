"""The audit trail in the log and, a moment later, in the database."""

import logging
import os
from collections import deque
from itertools import islice
from typing import Final

from ...domain.audit.events import AuditEvent
from ...domain.audit.record import AuditRecord, to_record
from ...ports.audit_record_repository import AuditRecordRepository
from ...ports.audit_trail import AuditTrail
from ..request_context import ADDRESS, REQUEST_ID

_LOG: Final = logging.getLogger("keyturn.audit")

MOST_WAITING: Final = 20_000
"""Events that wait for the database; beyond it the eldest is in the log only."""

_AT_ONCE: Final = 128
_EVENT_ID_BYTES: Final = 16


class AuditRecorder(AuditTrail):
    """Logs each event at once, and keeps it when ``keep`` is called; no request waits for the database."""

    def __init__(self, *, log: AuditTrail, events: AuditRecordRepository | None) -> None:
        self._log = log
        self._events = events
        self._waiting: deque[AuditRecord] = deque()
        self._left_out = 0

    def record(self, event: AuditEvent) -> None:
        self._log.record(event)
        if self._events is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._left_out += 1
        event_id = os.urandom(_EVENT_ID_BYTES).hex()
        self._waiting.append(
            to_record(event, event_id=event_id, request_id=REQUEST_ID.get() or "", address=ADDRESS.get())
        )

    @property
    def waiting(self) -> int:
        """Return how many events wait to be kept."""
        return len(self._waiting)

    async def keep(self) -> None:
        """Keep all that waits; raises ``StoreUnavailable``. What is not kept waits on, whatever ends this: a batch of
        which it is not known whether it was kept is kept again, which changes nothing.
        """
        try:
            while self._events is not None and self._waiting:
                batch = list(islice(self._waiting, _AT_ONCE))
                await self._events.append(batch)
                self._take_off(batch)
        finally:
            self._tell(self._left_out)
            self._left_out = 0

    def give_up(self) -> None:
        """Tell how many events were not kept."""
        self._tell(len(self._waiting))

    def _take_off(self, batch: list[AuditRecord]) -> None:
        """Let go of what is kept; what had to make room meanwhile is gone already, and kept after all."""
        done = {event.event_id for event in batch}
        while self._waiting and self._waiting[0].event_id in done:
            done.remove(self._waiting.popleft().event_id)
        self._left_out -= len(done)

    def _tell(self, events: int) -> None:
        if events:
            _LOG.warning("audit events are in the log only", extra={"fields": {"events": events}})
