"""A session that was revoked."""

from dataclasses import dataclass

from ..identifiers import SessionId


@dataclass(frozen=True, slots=True)
class RevokedSession:
    """A session that was revoked, and when."""

    session_id: SessionId
    revoked_at: float
