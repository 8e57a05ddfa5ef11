"""The revocation feed, which verifiers poll: ``/.well-known/revoked-sessions``."""

from collections.abc import Callable
from typing import Final, Self

from aiohttp import web

from ....domain.tokens.feed import Feed
from ....domain.tokens.revocation_feed import RevocationFeed
from ....ports.clock import Clock
from ...guards.aiohttp_marks import public
from ..operation import Operation, with_etag
from ..requests.query import read_query, whole_number_query
from ..responses import document_response, etag_of

MAX_AGE: Final = 1
"""Seconds for which a cache may store the feed."""

_SINCE: Final = whole_number_query(
    "since", "`as_of` of the last feed that the verifier has.", minimum=0, maximum=10**12 - 1, default=0
)

_MAX_AGE_OF_SIGNATURE_SECONDS: Final = 5
_RECENT_CHECK_SECONDS: Final = 0.25
_FULL_CHECK_SECONDS: Final = 2.0


class PublishedFeed:
    """A feed as a signed JWT in bytes, with its ETag. It is signed again after a change, and after 5 seconds.

    Requests check for changes, at most once in ``seconds``.
    """

    def __init__(self, feed: RevocationFeed, read: Callable[[], Feed], *, clock: Clock, seconds: float) -> None:
        self._signed = feed.signed
        self._read = read
        self._clock = clock
        self._seconds = seconds
        self._checked_at = float("-inf")
        self.feed: Feed | None = None
        self.body = b""
        self.etag = ""

    def updated(self) -> Self:
        """Return this document, signed again if necessary. Raises ``ConfigurationError`` if there is no active key."""
        now = self._clock.now()
        if abs(now - self._checked_at) >= self._seconds:
            self._replace(self._read())
            self._checked_at = now
        return self

    def _replace(self, feed: Feed) -> None:
        if self.feed is None or not _is_current(self.feed, feed):
            self.body = self._signed(feed).encode()
            self.etag = etag_of(self.body)
            self.feed = feed


class PublishedFeeds:
    """Two documents: the feed of the last minutes, and the feed of all revoked sessions."""

    def __init__(self, feed: RevocationFeed, clock: Clock) -> None:
        self._covers = feed.covers
        self._recent = PublishedFeed(feed, feed.recent, clock=clock, seconds=_RECENT_CHECK_SECONDS)
        self._full = PublishedFeed(feed, feed.full, clock=clock, seconds=_FULL_CHECK_SECONDS)

    def since(self, as_of: int) -> PublishedFeed:
        """Return the document for a verifier whose last feed has this ``as_of``; 0 means that it has no feed."""
        recent = self._recent.updated()
        if recent.feed is not None and self._covers(recent.feed, as_of):
            return recent
        return self._full.updated()


PUBLISHED_FEEDS: Final = web.AppKey("keyturn_published_feeds", PublishedFeeds)


@public
async def revoked_sessions(request: web.Request) -> web.Response:
    """Get the revocation feed: the revoked sessions and the published keys, signed. ``since`` selects a recent part."""
    (since,) = read_query(request, _SINCE)
    document = request.app[PUBLISHED_FEEDS].since(since)
    return document_response(
        request, body=document.body, etag=document.etag, content_type="application/jwt", max_age=MAX_AGE
    )


def _is_current(signed: Feed, latest: Feed) -> bool:
    """Return whether a signed feed has the content of the latest one, and a signature of less than 5 seconds ago."""
    age = latest.issued_at - signed.issued_at
    return 0 <= age < _MAX_AGE_OF_SIGNATURE_SECONDS and signed.content() == latest.content()


ROUTES: Final = (
    Operation(
        "GET",
        "/.well-known/revoked-sessions",
        revoked_sessions,
        query=(_SINCE,),
        responses=with_etag(bytes, "application/jwt"),
    ),
)
