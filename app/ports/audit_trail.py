"""The audit trail."""

from typing import Protocol

from ..domain.audit.events import AuditEvent


class AuditTrail(Protocol):
    """Records audit events."""

    def record(self, event: AuditEvent) -> None:
        """Record ``event``. This never fails, and does no I/O on a store."""
        ...
