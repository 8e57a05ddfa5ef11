"""Revoked sessions."""

from typing import NamedTuple

from ..identifiers import SessionId


class RevokedSession(NamedTuple):
    """The id of a revoked session, and the time of the revocation in seconds since the epoch.

    It is a tuple, because an instance that starts may read a million of them.
    """

    session_id: SessionId
    revoked_at: float
