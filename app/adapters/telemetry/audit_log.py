"""The audit trail in the log."""

import logging
import re
from dataclasses import fields
from typing import Final

from ...domain.model.events import AuditEvent
from ...domain.model.identifiers import SessionId, format_session_id

_LOG: Final = logging.getLogger("keyturn.audit")
_WORD_START: Final = re.compile(r"(?<!^)(?=[A-Z])")


class LogAuditTrail:
    """Writes each event as a line of the log ``keyturn.audit``."""

    def record(self, event: AuditEvent) -> None:
        if _LOG.isEnabledFor(logging.INFO):
            name = _WORD_START.sub("_", type(event).__name__).lower()
            members = {field.name: _text(getattr(event, field.name)) for field in fields(event)}
            del members["at"]
            _LOG.info(name, extra={"fields": members})


def _text(value: object) -> object:
    return format_session_id(SessionId(value)) if isinstance(value, bytes) else value
