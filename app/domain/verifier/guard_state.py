"""What a guard knows of its issuer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """Ages are seconds, ``None`` before the first fetch that succeeded. A fault is what is wrong with the last answer
    of the issuer, or ``""``.
    """

    keys_age: float | None
    keys_fault: str
    kids: tuple[str, ...]
    dropped_kids: tuple[str, ...]
    feed_age: float | None
    feed_is_stale: bool
    feed_fault: str
    revoked_sessions: int
