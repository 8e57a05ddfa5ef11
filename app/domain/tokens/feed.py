"""The revocation feed: tokens that a verifier must refuse although their signatures and times are valid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .revoked_session import RevokedSession

LIFETIME_SECONDS: Final = 60
"""The time from ``issued_at`` to ``expires_at``."""

OVERLAP_SECONDS: Final = 60
"""The time that two feeds in a row share, because commits become visible out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The state of the issuer at ``issued_at``. Times are seconds since the epoch, ``window`` is in seconds.

    ``revoked`` are the sessions revoked at or after ``since``, the earliest first. If ``since`` is 0, they are the
    sessions revoked in the last ``window`` seconds; access tokens of older ones have expired. The feed is complete up
    to one minute before ``as_of``. ``keys`` are the ``kid`` of all published keys. ``dropped`` are the ``kid`` of keys
    that were removed while tokens that they had signed were valid.

    ``token_lifetime`` is the present lifetime of access tokens in seconds: an older token has expired, whatever its
    ``exp``. Sessions that began at or before ``cut_off`` (whole seconds since the epoch) are revoked. Each is ``None``
    if the issuer does not name it.
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
    token_lifetime: int | None = None
    cut_off: int | None = None

    def content(self) -> tuple[object, ...]:
        """Return everything in the feed except its times."""
        return self.keys, self.dropped, self.revoked, self.token_lifetime, self.cut_off
