"""The metrics of the service."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.audit.events import AuditEvent
from ..domain.errors import KeyturnError
from ..domain.keys.signing_key import KeyState, SigningKey


class Telemetry(Protocol):
    """Counts and times what the service does. No method fails or waits, except where its docstring says so.

    No metric contains text from a client: an error is counted by its class, a request by the pattern of its route.
    """

    def request_answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request and its duration. ``route`` is the pattern of its route, or "" if no route matches."""
        ...

    def connection_refused(self) -> None:
        """Count a connection that was closed at once, because its address had too many."""
        ...

    def requests_waiting(self, *, route: str, number: int) -> None:
        """Set how many requests wait at a route for their turn."""
        ...

    def requests_refused(self, *, route: str, reason: str, number: int) -> None:
        """Count requests that were refused because of overload: ``door`` for those that were not even read, else the
        ``reason`` of ``Overloaded``.
        """
        ...

    def log_lines_dropped(self, lines: int) -> None:
        """Count lines of the log that were dropped, because nobody read them."""
        ...

    def event_recorded(self, event: AuditEvent) -> None:
        """Count an audit event."""
        ...

    def access_refused(self, refusal: KeyturnError) -> None:
        """Count a request that the guard refused."""
        ...

    def tokens_refused(self, refusal: KeyturnError) -> None:
        """Count a refused request for tokens: its parameters, its refresh token or its client is invalid."""
        ...

    def hashing_load(self, *, under_way: int, waiting: int) -> None:
        """Set how many passwords are being hashed now, and how many wait for it."""
        ...

    def password_hashed(self, *, seconds: float) -> None:
        """Count a password that was hashed. ``seconds`` is the time of waiting and hashing together."""
        ...

    def hashing_refused(self) -> None:
        """Count a password that was not hashed, because too many waited or memory was short."""
        ...

    def store_called(self, *, store: str, act: str, seconds: float, answered: bool) -> None:
        """Count a call of a repository's method ``act``, and its duration. ``answered`` is false if the store did not
        answer.
        """
        ...

    def store_check_failed(self, *, store: str, fault: str) -> None:
        """Count a check, once a second, at which a store did not take a small change. ``store`` is what it keeps."""
        ...

    def signing_keys(self, keys: Sequence[SigningKey], states: Mapping[str, KeyState], *, period: int | None) -> None:
        """Set the signing keys, and their states by ``kid``. ``period`` is the time between two activations in seconds,
        ``None`` if keys are rotated by hand only.
        """
        ...

    def caught_up(self, task: str) -> None:
        """Note that a background task has succeeded just now."""
        ...

    def clock_compared(self, difference: float) -> None:
        """Set by how many seconds the clock of this machine is ahead of the store's, or of the time since the start if
        the store has no clock.
        """
        ...

    def exposition(self) -> bytes:
        """Return the metrics of all workers in the text format of Prometheus. This may read files."""
        ...
