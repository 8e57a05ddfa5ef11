"""The revocation feed: what verifiers refuse although its signature and its times are right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .revoked_session import RevokedSession

LIFETIME_SECONDS: Final = 60

TOLD_AGAIN_SECONDS: Final = 60
"""A feed that follows another tells the last minute of that one again: commits become visible out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What the issuer knows at ``issued_at``. Times are seconds since the epoch.

    ``revoked`` are the sessions that were revoked at or after ``since``, the earliest first; 0 stands for all that a
    token still alive may belong to, which is ``window`` seconds. All revocations from before ``as_of`` are known but
    for those of the minute before it. ``keys`` are the ``kid`` of all published keys, ``dropped`` those of keys that
    were taken away while tokens that they had signed were alive.
    """

    issuer: str
    issued_at: int
    expires_at: int
    as_of: int
    since: int
    window: int
    keys: tuple[str, ...]
    dropped: tuple[str, ...]
    revoked: Sequence[RevokedSession]

    def news(self) -> tuple[object, ...]:
        """Return what it tells, beside its times."""
        return self.keys, self.dropped, self.revoked
