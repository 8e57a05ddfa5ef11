"""What followers poll: ``/.well-known/revoked-sessions``."""

import re
from collections.abc import Callable
from typing import Final, Self

from aiohttp import web

from ....domain.errors import InvalidRequest
from ....domain.tokens.feed import Feed
from ....domain.tokens.revocation_feed import RevocationFeed
from ....ports.clock import Clock
from ...guards.aiohttp import public
from ..operation import Operation, Query, with_etag
from ..responses import document_response, etag_of

MAX_AGE: Final = 1
"""Seconds for which a follower may keep the feed."""

SINCE: Final = Query(
    "since", "`as_of` of the feed that the follower has.", {"type": "integer", "minimum": 0, "maximum": 10**12 - 1}
)

_SIGNED_AGAIN_SECONDS: Final = 5
_RECENT_SECONDS: Final = 0.25
_WHOLE_SECONDS: Final = 2.0
_MOMENT: Final = re.compile(r"[0-9]{1,12}")


class FeedDocument:
    """A feed as it is sent: signed once for each change, and again when it is 5 seconds old.

    Whether there is a change is looked up when somebody asks, at most every ``seconds``.
    """

    def __init__(self, feed: RevocationFeed, read: Callable[[], Feed], *, clock: Clock, seconds: float) -> None:
        self._signed = feed.signed
        self._read = read
        self._clock = clock
        self._seconds = seconds
        self._looked_at = float("-inf")
        self.feed: Feed | None = None
        self.body = b""
        self.etag = ""

    def bring_up_to_date(self) -> Self:
        """Return it, signed anew if that is due; raises ``ConfigurationError`` if no key signs."""
        now = self._clock.now()
        if abs(now - self._looked_at) >= self._seconds:
            self._look(self._read())
            self._looked_at = now
        return self

    def _look(self, feed: Feed) -> None:
        if self.feed is None or not _is_current(self.feed, feed):
            self.body = self._signed(feed).encode()
            self.etag = etag_of(self.body)
            self.feed = feed


class FeedDocuments:
    """The two feeds: of the last minutes, for those who poll, and of everything."""

    def __init__(self, feed: RevocationFeed, clock: Clock) -> None:
        self._follows = feed.covers
        self._recent = FeedDocument(feed, feed.recent, clock=clock, seconds=_RECENT_SECONDS)
        self._whole = FeedDocument(feed, feed.full, clock=clock, seconds=_WHOLE_SECONDS)

    def since(self, as_of: int) -> FeedDocument:
        """Return the feed for who knows that of ``as_of``; 0 is for who knows none."""
        recent = self._recent.bring_up_to_date()
        if recent.feed is not None and self._follows(recent.feed, as_of):
            return recent
        return self._whole.bring_up_to_date()


FEED_DOCUMENTS: Final = web.AppKey("keyturn_feed_documents", FeedDocuments)


@public
async def revoked_sessions(request: web.Request) -> web.Response:
    """Gives the sessions revoked lately and the good keys, signed; with ``since``, what is new since a feed."""
    document = request.app[FEED_DOCUMENTS].since(_moment(request))
    return document_response(
        request, body=document.body, etag=document.etag, content_type="application/jwt", max_age=MAX_AGE
    )


def _moment(request: web.Request) -> int:
    given = request.query.getall("since", ["0"])
    if len(given) != 1 or not _MOMENT.fullmatch(given[0]):
        raise InvalidRequest("since is one whole number: as_of of the feed that you have.")
    return int(given[0])


def _is_current(signed: Feed, now: Feed) -> bool:
    """Tell whether a signed feed says what there is to say, and is young."""
    age = now.issued_at - signed.issued_at
    return 0 <= age < _SIGNED_AGAIN_SECONDS and signed.content() == now.content()


ROUTES: Final = (
    Operation(
        "GET",
        "/.well-known/revoked-sessions",
        revoked_sessions,
        query=(SINCE,),
        responses=with_etag(bytes, "application/jwt"),
    ),
)
