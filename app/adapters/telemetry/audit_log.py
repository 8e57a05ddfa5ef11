"""The audit trail in the log."""

import logging
from dataclasses import fields
from functools import cache
from typing import Any, Final

from ...domain.audit.events import AuditEvent
from ...domain.audit.record import MAX_TEXT_LENGTH, event_name
from ...domain.identifiers import SessionId, format_session_id
from ...ports.audit_trail import AuditTrail
from ..request_context import ADDRESS

_LOG: Final = logging.getLogger("keyturn.audit")


class LogAuditTrail(AuditTrail):
    """Writes each event as a line of the log ``keyturn.audit``, with the client's address where a request is served."""

    def record(self, event: AuditEvent) -> None:
        if _LOG.isEnabledFor(logging.INFO):
            kind: Any = type(event)
            name, members = _shape(kind)
            told = {member: _text(getattr(event, member)) for member in members}
            address = ADDRESS.get()
            if address:
                told.setdefault("address", _text(address))
            _LOG.info(name, extra={"fields": told})


@cache
def _shape(kind: Any) -> tuple[str, tuple[str, ...]]:
    """Return what an event is called in the log, and its members; the log's own time stands for ``at``."""
    return event_name(kind), tuple(field.name for field in fields(kind) if field.name != "at")


def _text(value: object) -> object:
    if isinstance(value, bytes):
        return format_session_id(SessionId(value))
    return value[:MAX_TEXT_LENGTH] if isinstance(value, str) else value
