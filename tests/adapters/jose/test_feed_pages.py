"""The claim ``page`` of the feed."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.jose import feed_json
from app.domain import base64url
from app.domain.identifiers import SessionId
from app.domain.tokens.feed import FeedPage
from app.domain.tokens.revocation_order import MAX_BLOCK
from app.domain.tokens.revoked_session import RevokedSession

from .test_feed_json import FEED, dump

TIMES = [900, 900, 901, 1_155, 1_410, 2_000, 90_000]
PAGE = replace(
    FEED,
    page=FeedPage("0", "x" * 32),
    revoked=[RevokedSession(SessionId(bytes([number]) * 16), at) for number, at in enumerate(TIMES)],
)


@pytest.mark.parametrize("feed", [PAGE, replace(PAGE, revoked=[]), replace(PAGE, page=FeedPage("0", None))])
def test_load_reads_the_page_that_was_written(feed: Any) -> None:
    """The sessions have their order and their times in whole seconds, however far they are apart."""
    assert feed_json.load(dump(feed)) == feed


def test_page_has_the_documented_members() -> None:
    """Each session has 16 bytes in ``sids`` and the seconds since the one before it in ``steps``, where 255 goes on."""
    revoked = [RevokedSession(SessionId(bytes([number]) * 16), at) for number, at in ((1, 900.9), (2, 1_157))]
    claims = json.loads(dump(replace(PAGE, revoked=revoked)))
    assert "revoked" not in claims
    sids = base64url.encode(bytes([1]) * 16 + bytes([2]) * 16)
    steps = base64url.encode(bytes([0, 255, 2]))
    assert claims["page"] == {"after": "0", "from": 900, "sids": sids, "steps": steps, "next": "x" * 32}


def test_session_takes_at_most_32_bytes() -> None:
    """In a full page with the revocations of a day, a session takes at most 32 bytes of the JWT."""
    revoked = [RevokedSession(SessionId(os.urandom(16)), 86_400 * number / MAX_BLOCK) for number in range(MAX_BLOCK)]
    length = len(base64url.encode(dump(replace(PAGE, revoked=revoked)))) + 600
    assert length <= 32 * MAX_BLOCK < 1_000_000


@pytest.mark.parametrize(
    "change",
    [
        {"after": None},
        {"after": 0},
        {"from": None},
        {"from": -1},
        {"from": True},
        {"from": 1.5},
        {"next": 1},
        {"sids": "A"},
        {"sids": base64url.encode(bytes(16 * 7 + 1))},
        {"sids": base64url.encode(bytes(16 * 6))},
        {"sids": base64url.encode(bytes(16 * 8))},
        {"sids": None},
        {"steps": "="},
        {"steps": None},
        {"steps": base64url.encode(bytes([1] * 6 + [255]))},
        {"steps": base64url.encode(bytes([1] * 7 + [255]))},
    ],
    ids=str,
)
def test_faulty_page_is_refused(change: dict[str, object]) -> None:
    """A page is refused whose members are missing, are of another type, or do not belong together."""
    claims = json.loads(dump(PAGE))
    claims["page"] |= change
    with pytest.raises(ValueError, match=r"."):
        feed_json.load(json.dumps(claims).encode())


@pytest.mark.parametrize("value", [None, [], "page", 1])
def test_page_is_an_object(value: object) -> None:
    """A page of another type is refused."""
    with pytest.raises(ValueError, match="page"):
        feed_json.load(json.dumps({**json.loads(dump(PAGE)), "page": value}).encode())
