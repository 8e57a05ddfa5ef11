"""Revoked sessions."""

from dataclasses import dataclass

from ..identifiers import SessionId


@dataclass(frozen=True, slots=True)
class RevokedSession:
    """The id of a revoked session, and the time of the revocation in seconds since the epoch."""

    session_id: SessionId
    revoked_at: float
