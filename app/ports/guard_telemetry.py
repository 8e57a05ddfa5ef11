"""What is counted of a guard, for whoever watches the service that it guards."""

from typing import Protocol

from ..domain.errors import KeyturnError
from ..domain.verifier.guard_state import GuardState


class GuardTelemetry(Protocol):
    """Is told what a guard does. No method fails or waits, and none passes on what a client or the issuer wrote."""

    def access_refused(self, refusal: KeyturnError) -> None:
        """The guard refused a request."""
        ...

    def keys_fetched(self, state: GuardState) -> None:
        """The issuer was asked for its keys. ``state`` is what is known since; ``keys_fault`` tells of a failure."""
        ...

    def feed_polled(self, state: GuardState) -> None:
        """The issuer was asked for its revocation feed. ``state`` is as above; ``feed_fault`` tells of a failure."""
        ...
