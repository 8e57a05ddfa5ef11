"""The revocation feed: tokens that a verifier must refuse although their signatures and times are valid."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from .revoked_session import RevokedSession

LIFETIME_SECONDS: Final = 60
"""The time from ``issued_at`` to ``expires_at``."""

OVERLAP_SECONDS: Final = 60
"""The time that two feeds in a row share, because commits become visible out of order."""


FIRST_PAGE: Final = "0"
"""The ``after`` of the first page of an answer. That of a later page is the ``next`` of the page before, or an earlier
position.
"""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """The place of a page in an answer that has several. The page begins after the position ``after``, and the next one
    after ``next``, which is ``None`` for the last page.
    """

    after: str
    next: str | None


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

    ``page`` is the place of ``revoked`` in an answer of several pages, ``None`` for an answer in one document. The
    ``since`` of the first page says from when on all pages together have the revoked sessions. ``version`` is not
    published: it changes when ``revoked`` does.
    """

    issuer: str
    issued_at: int
    expires_at: int
    as_of: int
    since: int
    window: int
    keys: tuple[str, ...]
    dropped: tuple[str, ...]
    revoked: Iterable[RevokedSession]
    token_lifetime: int | None = None
    cut_off: int | None = None
    page: FeedPage | None = None
    version: int | bytes = 0

    def content(self) -> tuple[object, ...]:
        """Return what changes when the feed must be signed again before it is too old."""
        return self.keys, self.dropped, self.version, self.token_lifetime, self.cut_off
