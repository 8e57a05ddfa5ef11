"""Telemetry of a guard without metrics."""

from ...domain.errors import KeyturnError
from ...domain.verifier.guard_state import GuardState
from ...ports.guard_telemetry import GuardTelemetry


class NullGuardTelemetry(GuardTelemetry):
    """Measures nothing."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """Do nothing."""

    def keys_fetched(self, state: GuardState) -> None:
        """Do nothing."""

    def feed_polled(self, state: GuardState) -> None:
        """Do nothing."""
