"""The state of a guard, for telemetry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """The keys and the feed that a guard has of its issuer.

    Ages are in seconds, ``None`` before the first successful fetch. A fault says why the last fetch failed; it is
    ``""`` if the fetch succeeded.
    """

    keys_age: float | None
    keys_fault: str
    kids: tuple[str, ...]
    dropped_kids: tuple[str, ...]
    feed_age: float | None
    feed_is_stale: bool
    feed_fault: str
    revoked_sessions: int
