"""The revocation feed, which verifiers poll: ``/.well-known/revoked-sessions``."""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Self

from aiohttp import web

from ....domain.errors import Unavailable
from ....domain.tokens.feed import FIRST_PAGE, Feed
from ....domain.tokens.revocation_feed import RevocationFeed
from ....domain.tokens.revocation_order import RevocationPosition
from ....ports.clock import Clock
from ...guards.aiohttp_marks import public
from ..operation import Operation, with_etag
from ..requests.query import Query, read_query, whole_number_query
from ..responses import document_response, etag_of

MAX_AGE: Final = 1
"""Seconds for which a cache may store the feed."""

_SINCE: Final = whole_number_query(
    "since", "`as_of` of the last feed that the verifier has.", minimum=0, maximum=10**12 - 1, default=0
)

_POSITION: Final = re.compile(r"0|[A-Za-z0-9_-]{32}")


def _position(text: str) -> RevocationPosition | None:
    """Return the position of ``after``, ``None`` for the first page; raises ``ValueError``."""
    if not _POSITION.fullmatch(text):
        raise ValueError("must be 0 or the next of a page")
    return None if text == FIRST_PAGE else RevocationPosition.parse(text)


_NO_PAGES: Final = RevocationPosition(-1.0)
"""The value of ``after`` if it is missing."""

_AFTER: Final[Query[RevocationPosition | None]] = Query(
    "after",
    "0 for the first page, or `next` of a page for the one that follows. Without it, the answer is one document.",
    {"type": "string", "pattern": f"^({_POSITION.pattern})$"},
    _position,
    _NO_PAGES,
)

_MAX_AGE_OF_SIGNATURE_SECONDS: Final = 5
_MAX_AGE_OF_LATER_PAGE_SECONDS: Final = 8
_RECENT_CHECK_SECONDS: Final = 0.25
_FULL_CHECK_SECONDS: Final = 2.0
_REST: Final = 2
"""A document is built again after it has rested at least so many times as long as the last time took to build it."""

_MAX_PAGES: Final = 64
"""How many later pages are kept for other followers. They take up to 30 MiB."""

_SIGNATURE_BYTES: Final = 342
"""At least the last part of a signature. It is another one for another document."""


class PublishedFeed:
    """A feed as a signed JWT in bytes, with its ETag. It is signed again after a change, and after
    ``max_age`` seconds.

    Requests check for changes, at most once in ``seconds``, and more rarely if it takes long to build it. All requests
    that come while it is signed wait for this one signature.
    """

    def __init__(
        self,
        feed: RevocationFeed,
        read: Callable[[], Feed],
        *,
        clock: Clock,
        seconds: float,
        max_age: int = _MAX_AGE_OF_SIGNATURE_SECONDS,
    ) -> None:
        self._signed = feed.signed
        self._read = read
        self._clock = clock
        self._max_age = max_age
        self._shortest = self._seconds = seconds
        self._checked_at = float("-inf")
        self._signing: asyncio.Task[None] | None = None
        self.feed: Feed | None = None
        self.body = b""
        self.etag = ""

    async def updated(self, *, issued_from: int = 0) -> Self:
        """Return this document, signed again if necessary, such as when it was signed before ``issued_from``.

        Raises ``SignerUnavailable``, also if there is no active key, and ``ClockInDoubt``.
        """
        is_outdated = self.feed is None or self.feed.issued_at < issued_from
        if self._signing is None and (is_outdated or abs(self._clock.now() - self._checked_at) >= self._seconds):
            self._check(is_outdated=is_outdated)
        if self._signing is not None:
            await asyncio.shield(self._signing)
        return self

    def _check(self, *, is_outdated: bool) -> None:
        """Read the feed, and begin to sign it if it has changed, or was signed too long ago."""
        now, feed = self._clock.now(), self._read()
        if self.feed is not None and not is_outdated and _is_current(self.feed, feed, self._max_age):
            self._checked_at = now
            return
        self._signing = asyncio.create_task(self._sign(feed, now))
        self._signing.add_done_callback(self._end_signing)

    async def _sign(self, feed: Feed, now: float) -> None:
        begun = time.monotonic()
        self.body = await self._signed(feed)
        self.etag = etag_of(self.body[-_SIGNATURE_BYTES:])
        self.feed, self._checked_at = feed, now
        self._seconds = max(self._shortest, _REST * (time.monotonic() - begun))

    def _end_signing(self, signing: asyncio.Task[None]) -> None:
        self._signing = None
        if not signing.cancelled():
            signing.exception()  # if all requests have gone, nobody else asks for it


class PublishedFeeds:
    """The pages, each of which is signed for all followers that ask for it. For followers of earlier versions there are
    two documents: the feed of the last minutes, and the feed of all revoked sessions.
    """

    def __init__(self, feed: RevocationFeed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._newest = 0
        self._first_pages: dict[int, PublishedFeed] = {}
        self._pages: OrderedDict[RevocationPosition, PublishedFeed] = OrderedDict()
        self._covers = feed.covers
        self._recent = PublishedFeed(feed, feed.recent, clock=clock, seconds=_RECENT_CHECK_SECONDS)
        self._full = PublishedFeed(feed, feed.full, clock=clock, seconds=_FULL_CHECK_SECONDS)

    async def since(self, as_of: int) -> PublishedFeed:
        """Return the document for a verifier whose last feed has this ``as_of``; 0 means that it has no feed."""
        recent = await self._recent.updated()
        if recent.feed is not None and self._covers(recent.feed, as_of):
            return recent
        return await self._full.updated()

    async def page(self, as_of: int, after: RevocationPosition | None) -> PublishedFeed:
        """Return the first page for a verifier whose last feed has this ``as_of``, or the page after ``after``."""
        if after is None:
            return await self._first_page(self._feed.window_for(as_of))
        place = self._feed.beginning(after)
        page = self._pages.get(place) or PublishedFeed(
            self._feed,
            lambda: self._feed.later_page(place),
            clock=self._clock,
            seconds=_FULL_CHECK_SECONDS,
            max_age=_MAX_AGE_OF_LATER_PAGE_SECONDS,
        )
        self._pages[place] = page
        self._pages.move_to_end(place)
        if len(self._pages) > _MAX_PAGES:
            self._pages.popitem(last=False)
        return await page.updated()

    async def _first_page(self, window: int) -> PublishedFeed:
        """Return a first page that is not older than any other one before: no follower gets an older one then."""
        if window not in self._first_pages:
            self._first_pages[window] = PublishedFeed(
                self._feed,
                lambda: self._feed.first_page(window),
                clock=self._clock,
                seconds=_RECENT_CHECK_SECONDS,
            )
        page = await self._first_pages[window].updated(issued_from=self._newest)
        if page.feed is not None:
            self._newest = page.feed.issued_at
        return page


PUBLISHED_FEEDS: Final = web.AppKey("keyturn_published_feeds", PublishedFeeds)


@public
async def revoked_sessions(request: web.Request) -> web.Response:
    """Get the revocation feed: the revoked sessions and the published keys, signed. ``since`` selects a recent part,
    and ``after`` a page.
    """
    since, after = read_query(request, _SINCE, _AFTER)
    feeds = request.app[PUBLISHED_FEEDS]
    document = await (feeds.since(since) if after is _NO_PAGES else feeds.page(since, after))
    return document_response(
        request, body=document.body, etag=document.etag, content_type="application/jwt", max_age=MAX_AGE
    )


def _is_current(signed: Feed, latest: Feed, max_age: int) -> bool:
    """Return whether a signed feed has the content of the latest one, and a signature of less than ``max_age`` ago."""
    age = latest.issued_at - signed.issued_at
    return 0 <= age < max_age and signed.content() == latest.content()


ROUTES: Final = (
    Operation(
        "GET",
        "/.well-known/revoked-sessions",
        revoked_sessions,
        query=(_SINCE, _AFTER),
        responses=with_etag(bytes, "application/jwt"),
        errors=(Unavailable,),
    ),
)
