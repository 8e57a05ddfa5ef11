"""The audit trail in the log and, a moment later, in the database."""

import logging
import os
from collections import deque
from typing import Final

from ...domain.errors import StoreUnavailable
from ...domain.model.events import AuditEvent
from ...domain.model.kept_event import KeptEvent, kept
from ...ports.audit import AuditTrail
from ...ports.audit_events import AuditEventRepository
from ..request_context import ADDRESS, REQUEST_ID

_LOG: Final = logging.getLogger("keyturn.audit")

MOST_WAITING: Final = 20_000
"""Events that wait for the database; beyond it the eldest is in the log only."""

_AT_ONCE: Final = 500
_EVENT_ID_BYTES: Final = 16


class AuditRecorder:
    """Logs each event at once, and keeps it when ``keep`` is called; no request waits for the database."""

    def __init__(self, *, log: AuditTrail, events: AuditEventRepository | None) -> None:
        self._log = log
        self._events = events
        self._waiting: deque[KeptEvent] = deque()
        self._left_out = 0

    def record(self, event: AuditEvent) -> None:
        self._log.record(event)
        if self._events is None:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._left_out += 1
        event_id = os.urandom(_EVENT_ID_BYTES).hex()
        self._waiting.append(kept(event, event_id=event_id, request_id=REQUEST_ID.get() or "", address=ADDRESS.get()))

    @property
    def waiting(self) -> int:
        """Return how many events wait to be kept."""
        return len(self._waiting)

    async def keep(self) -> None:
        """Keep all that waits; raises ``StoreUnavailable``, and then what is not kept waits on."""
        while self._events is not None and self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            try:
                await self._events.append(batch)
            except StoreUnavailable:
                self._put_back(batch)
                raise
        if self._left_out:
            _LOG.warning("audit events are in the log only", extra={"fields": {"events": self._left_out}})
            self._left_out = 0

    def _put_back(self, batch: list[KeptEvent]) -> None:
        room = MOST_WAITING - len(self._waiting)
        self._left_out += max(0, len(batch) - room)
        self._waiting.extendleft(reversed(batch[max(0, len(batch) - room) :]))
