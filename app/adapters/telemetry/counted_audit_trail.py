"""An audit trail that counts its events."""

from ...domain.audit.events import AuditEvent
from ...ports.audit_trail import AuditTrail
from ...ports.telemetry import Telemetry


class CountedAuditTrail(AuditTrail):
    """Passes each event to ``trail`` and to telemetry."""

    def __init__(self, trail: AuditTrail, *, telemetry: Telemetry) -> None:
        self._trail = trail
        self._telemetry = telemetry

    def record(self, event: AuditEvent) -> None:
        self._trail.record(event)
        self._telemetry.event_recorded(event)
