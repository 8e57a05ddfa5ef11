"""The audit trail."""

from typing import Protocol

from ..domain.audit.events import AuditEvent


class AuditTrail(Protocol):
    """Records audit events."""

    def record(self, event: AuditEvent) -> None:
        """Record ``event``. This raises nothing, and does not wait for a store."""
        ...
