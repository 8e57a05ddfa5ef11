"""The telemetry of a service and of a guard without metrics."""

from collections.abc import Mapping, Sequence

from ...domain.audit.events import AuditEvent
from ...domain.errors import KeyturnError
from ...domain.keys.signing_key import KeyState, SigningKey
from ...domain.verifier.guard_state import GuardState
from ...ports.guard_telemetry import GuardTelemetry
from ...ports.telemetry import Telemetry


class NullTelemetry(Telemetry):
    """Measures nothing."""

    def request_answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Do nothing."""

    def connection_refused(self) -> None:
        """Do nothing."""

    def requests_waiting(self, *, route: str, number: int) -> None:
        """Do nothing."""

    def requests_refused(self, *, route: str, reason: str, number: int) -> None:
        """Do nothing."""

    def log_lines_dropped(self, lines: int) -> None:
        """Do nothing."""

    def event_recorded(self, event: AuditEvent) -> None:
        """Do nothing."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """Do nothing."""

    def tokens_refused(self, refusal: KeyturnError) -> None:
        """Do nothing."""

    def hashing_load(self, *, under_way: int, waiting: int) -> None:
        """Do nothing."""

    def password_hashed(self, *, seconds: float) -> None:
        """Do nothing."""

    def hashing_refused(self) -> None:
        """Do nothing."""

    def store_called(self, *, store: str, act: str, seconds: float, answered: bool) -> None:
        """Do nothing."""

    def store_check_failed(self, *, store: str, fault: str) -> None:
        """Do nothing."""

    def signing_keys(self, keys: Sequence[SigningKey], states: Mapping[str, KeyState], *, period: int | None) -> None:
        """Do nothing."""

    def caught_up(self, task: str) -> None:
        """Do nothing."""

    def clock_compared(self, difference: float) -> None:
        """Do nothing."""

    def exposition(self) -> bytes:
        return b""


class NullGuardTelemetry(GuardTelemetry):
    """Measures nothing."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """Do nothing."""

    def keys_fetched(self, state: GuardState) -> None:
        """Do nothing."""

    def feed_polled(self, state: GuardState) -> None:
        """Do nothing."""
