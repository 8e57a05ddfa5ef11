"""The state of a guard, for telemetry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """The guard's knowledge of its issuer.

    Ages are in seconds, ``None`` before the first successful fetch. A fault says what is wrong with the issuer's last
    answer; it is ``""`` if nothing is.
    """

    keys_age: float | None
    keys_fault: str
    kids: tuple[str, ...]
    dropped_kids: tuple[str, ...]
    feed_age: float | None
    feed_is_stale: bool
    feed_fault: str
    revoked_sessions: int
