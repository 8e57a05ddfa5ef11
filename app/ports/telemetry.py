"""What is counted and timed, for whoever watches the service."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..domain.audit.events import AuditEvent
from ..domain.errors import KeyturnError
from ..domain.keys.signing_key import KeyState, SigningKey


class Telemetry(Protocol):
    """Is told what happens and how long it took. No method fails or waits, and none passes on what a client wrote: an
    error counts as its kind, a request as the pattern of its route.
    """

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. ``route`` is the route's pattern, or "" where there is none."""
        ...

    def happened(self, event: AuditEvent) -> None:
        """Something happened that the audit trail records."""
        ...

    def access_refused(self, refusal: KeyturnError) -> None:
        """The guard refused a request."""
        ...

    def tokens_refused(self, refusal: KeyturnError) -> None:
        """A request for tokens was refused: what it asked for, its refresh token or its client."""
        ...

    def hashing(self, *, under_way: int, waiting: int) -> None:
        """So many passwords are being hashed now, and so many wait for that."""
        ...

    def hashed(self, *, seconds: float) -> None:
        """A password was hashed, ``seconds`` after that was asked for."""
        ...

    def hashing_refused(self) -> None:
        """A password was not hashed: too many waited, or there was no memory."""
        ...

    def store_acted(self, *, store: str, act: str, seconds: float, answered: bool) -> None:
        """An act of a repository ended, or failed where the store has not ``answered``."""
        ...

    def signing_keys(self, keys: Sequence[SigningKey], states: Mapping[str, KeyState], *, period: int | None) -> None:
        """These are the keys, and their states by ``kid``; ``period`` is the seconds from one to the next, ``None``
        where none follows by itself.
        """
        ...

    def caught_up(self, task: str) -> None:
        """A task in the background has done a round with success."""
        ...

    def text(self) -> bytes:
        """Return all that was measured, by all workers, in Prometheus' text format. It may read files."""
        ...
