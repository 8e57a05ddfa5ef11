"""The audit trail in the log."""

import logging
from dataclasses import fields
from functools import cache
from typing import Any, Final

from ...domain.model.events import AuditEvent
from ...domain.model.identifiers import SessionId, format_session_id
from ...domain.model.kept_event import event_name

_LOG: Final = logging.getLogger("keyturn.audit")


class LogAuditTrail:
    """Writes each event as a line of the log ``keyturn.audit``."""

    def record(self, event: AuditEvent) -> None:
        if _LOG.isEnabledFor(logging.INFO):
            kind: Any = type(event)
            name, members = _shape(kind)
            _LOG.info(name, extra={"fields": {member: _text(getattr(event, member)) for member in members}})


@cache
def _shape(kind: Any) -> tuple[str, tuple[str, ...]]:
    """Return what an event is called in the log, and its members; the log's own time stands for ``at``."""
    return event_name(kind), tuple(field.name for field in fields(kind) if field.name != "at")


def _text(value: object) -> object:
    return format_session_id(SessionId(value)) if isinstance(value, bytes) else value
