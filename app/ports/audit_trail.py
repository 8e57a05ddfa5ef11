"""The audit trail."""

from typing import Protocol

from ..domain.audit.events import AuditEvent


class AuditTrail(Protocol):
    """Records what happened."""

    def record(self, event: AuditEvent) -> None:
        """Record an event; never fails and never waits."""
        ...
