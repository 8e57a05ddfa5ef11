"""The telemetry of a guard."""

from typing import Protocol

from ..domain.errors import KeyturnError
from ..domain.verifier.guard_state import GuardState


class GuardTelemetry(Protocol):
    """Counts and measures what a guard does.

    No method raises or blocks. No method passes on text that a client or the issuer wrote.
    """

    def access_refused(self, refusal: KeyturnError) -> None:
        """Count a request that the guard refused."""
        ...

    def keys_fetched(self, state: GuardState) -> None:
        """Record a fetch of the keys. ``state`` is the state after it; ``keys_fault`` says whether it failed."""
        ...

    def feed_polled(self, state: GuardState) -> None:
        """Record a poll of the feed. ``state`` is the state after it; ``feed_fault`` says whether it failed."""
        ...
