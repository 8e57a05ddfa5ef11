"""Telemetry of a service without metrics."""

from collections.abc import Mapping, Sequence

from ...domain.audit.events import AuditEvent
from ...domain.errors import KeyturnError
from ...domain.keys.signing_key import KeyState, SigningKey
from ...ports.telemetry import Telemetry


class NullTelemetry(Telemetry):
    """Measures nothing."""

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Nothing is measured."""

    def happened(self, event: AuditEvent) -> None:
        """Nothing is measured."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """Nothing is measured."""

    def tokens_refused(self, refusal: KeyturnError) -> None:
        """Nothing is measured."""

    def hashing(self, *, under_way: int, waiting: int) -> None:
        """Nothing is measured."""

    def hashed(self, *, seconds: float) -> None:
        """Nothing is measured."""

    def hashing_refused(self) -> None:
        """Nothing is measured."""

    def store_acted(self, *, store: str, act: str, seconds: float, answered: bool) -> None:
        """Nothing is measured."""

    def signing_keys(self, keys: Sequence[SigningKey], states: Mapping[str, KeyState], *, period: int | None) -> None:
        """Nothing is measured."""

    def caught_up(self, task: str) -> None:
        """Nothing is measured."""

    def text(self) -> bytes:
        return b""
