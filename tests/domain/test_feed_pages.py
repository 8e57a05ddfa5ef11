"""Following a revocation feed that comes in pages."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.identifiers import SessionId
from app.domain.tokens.feed import Feed, FeedPage
from app.domain.tokens.revocation_order import RevocationPosition
from app.domain.tokens.revoked_session import RevokedSession
from app.domain.verifier.errors import IssuerFault
from app.testing.system import NOW

from .test_feed_follower import ONE, OTHER, Follower, follower

__all__ = ["follower"]

POSITIONS = [RevocationPosition(NOW + number, SessionId(bytes(16))).text() for number in range(4)]


def page(follower: Follower, after: str, following: str | None, revoked: RevokedSession, **changes: Any) -> Feed:
    """Return a page of a feed."""
    return follower.current_feed(page=FeedPage(after, following), revoked=[revoked], **changes)


async def test_later_pages_are_fetched_at_once(follower: Follower) -> None:
    """One poll fetches all pages, also if one begins earlier or was signed earlier. The next poll asks for the changes
    since the page that knew least.
    """
    follower.clock.advance(20)
    at = int(NOW) + 20
    follower.source.later_pages = [
        page(follower, POSITIONS[0], POSITIONS[2], OTHER, issued_at=at - 5, as_of=at - 7, since=at),
        page(follower, POSITIONS[2], None, RevokedSession(SessionId(bytes([3]) * 16), NOW), since=at),
    ]
    assert await follower.poll(page(follower, "0", POSITIONS[1], ONE)) == ""
    assert (len(follower.revoked), follower.source.pages) == (3, POSITIONS[1:3])
    await follower.poll(None)
    assert follower.source.requests[-1] == (at - 7, "tag")


async def test_poll_goes_on_after_a_page_that_did_not_come(follower: Follower) -> None:
    """The sessions of the pages before are refused, but the feed is as old as before until all pages have come."""
    follower.clock.advance(20)
    follower.source.later_pages = [IssuerFault("away"), page(follower, POSITIONS[1], None, OTHER)]
    assert await follower.poll(page(follower, "0", POSITIONS[1], ONE)) == "away"
    assert (len(follower.revoked), follower.feed.age()) == (1, 20)
    assert await follower.poll(None) == ""
    assert (len(follower.revoked), follower.feed.age()) == (2, 0)
    assert follower.source.pages == [POSITIONS[1]] * 2


@pytest.mark.parametrize(
    ("after", "following", "change"),
    [
        ("0", None, {}),
        (POSITIONS[2], None, {}),
        (POSITIONS[1], POSITIONS[1], {}),
        (POSITIONS[0], POSITIONS[0], {}),
        ("x", None, {}),
        (POSITIONS[1], "x", {}),
        (POSITIONS[1], None, {"issuer": "https://evil.example"}),
        (POSITIONS[1], None, {"page": None}),
        (POSITIONS[1], None, {"keys": ()}),
    ],
)
async def test_a_page_that_does_not_follow_is_refused(
    follower: Follower, after: str, following: str | None, change: dict[str, Any]
) -> None:
    """The age grows, and the next poll begins again with the first page."""
    follower.clock.advance(20)
    follower.source.later_pages = [replace(page(follower, after, following, OTHER), **change)]
    assert await follower.poll(page(follower, "0", POSITIONS[1], ONE)) != ""
    assert (OTHER.session_id in follower.revoked, follower.feed.age()) == (False, 20)
    assert await follower.poll(page(follower, "0", None, ONE)) == ""
    assert follower.source.requests[-1] == (NOW, "tag")


async def test_a_later_page_is_no_first_page(follower: Follower) -> None:
    """It would leave out the sessions before it."""
    assert "another page" in await follower.poll(page(follower, POSITIONS[0], None, ONE))
    assert len(follower.revoked) == 0
