"""``GET /.well-known/revoked-sessions`` in pages."""

import os

import pytest

from app.domain import base64url
from app.domain.identifiers import SessionId
from app.domain.tokens import revocation_feed
from app.domain.tokens.revocation_order import RevocationPosition
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.system import NOW

from .conftest import Start
from .service import Service
from .test_revoked_sessions import feed_claims, fetch


async def test_pages_have_every_session_once(start: Start) -> None:
    """100,000 sessions, of which many ended in the same moment, come in pages of at most 32 bytes a session, each
    signed and below 1 MB. Each names the position at which it begins. What ends meanwhile is in a later page.
    """
    service = await start()
    revoked = service.container.revocation_list()
    for number in range(100_000):
        moment = NOW - 900 + (number * 0.009 if number % 2 else 400)
        revoked.add(RevokedSession(SessionId(os.urandom(16)), moment))
    after, found = "0", []
    while after:
        answer = await fetch(service, f"?after={after}")
        claims = feed_claims(answer)
        page = claims["page"]
        sids = base64url.decode(page["sids"])
        found += [sids[at : at + 16] for at in range(0, len(sids), 16)]
        assert len(answer.body) <= 32 * max(len(sids) // 16, 1_000)
        assert (page["after"], "revoked" in claims) == (after, False)
        after = page.get("next", "")
        revoked.add(RevokedSession(SessionId(os.urandom(16)), NOW))
    assert len(found) == len(set(found)) >= 100_000
    assert set(found) <= {each.session_id for each in revoked.since(0)}


async def test_page_of_any_position_is_one_of_few(start: Start) -> None:
    """Whatever positions are asked for, the answers are the same pages, which begin at or before them."""
    service = await start()
    revoked = service.container.revocation_list()
    for number in range(20_000):
        revoked.add(RevokedSession(SessionId(os.urandom(16)), NOW - 900 + number * 0.04))
    bodies = set()
    for moment in range(-900, 100, 50):
        position = RevocationPosition(NOW + moment, SessionId(os.urandom(16)))
        answer = await fetch(service, f"?after={position.text()}")
        assert RevocationPosition.parse(feed_claims(answer)["page"]["after"]) <= position
        bodies.add(answer.body)
    assert len(bodies) <= 4


async def test_first_page_has_what_a_follower_lacks(service: Service) -> None:
    """It overlaps with the feed that the follower has by a minute and twice the leeway. It has one of a few windows, so
    most followers get the same one.
    """
    for number, ago in ((1, 950), (2, 500), (3, 150), (4, 0)):
        service.container.revocation_list().add(RevokedSession(SessionId(bytes([number]) * 16), NOW - ago))
    as_of = feed_claims(await fetch(service, "?after=0"))["as_of"]
    for lag, window, expected in (
        (0, 180, 2),
        (60, 180, 2),
        (61, 900, 3),
        (800, 0, 4),
        (5_000, 0, 4),
        (-5_000, 180, 2),
    ):
        claims = feed_claims(await fetch(service, f"?after=0&since={as_of - lag}"))
        assert len(base64url.decode(claims["page"]["sids"])) // 16 == expected
        assert claims["since"] == (as_of - window if window else 0)


async def test_first_pages_are_never_older_than_another_one_before(service: Service) -> None:
    """A follower that asks for everything gets a page that is as new as the one that it has."""
    assert feed_claims(await fetch(service, "?after=0"))["iat"] == int(NOW)
    service.clock.advance(2)
    assert feed_claims(await fetch(service, f"?after=0&since={int(NOW)}"))["iat"] == int(NOW) + 2
    assert feed_claims(await fetch(service, "?after=0"))["iat"] == int(NOW) + 2


@pytest.mark.parametrize("value", ["", "1", "00", "x" * 31, "x" * 33, "%20" * 32, "0&after=0"], ids=str)
async def test_malformed_after_is_refused(service: Service, value: str) -> None:
    """The response is 400 and names the parameter."""
    answer = await fetch(service, f"?after={value}")
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["after"]


async def test_one_document_has_a_bound(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what followers without pages can read, they get 503, and pages still come."""
    monkeypatch.setattr(revocation_feed, "_MAX_IN_ONE_DOCUMENT", 1)
    for number in range(2):
        service.container.revocation_list().add(RevokedSession(SessionId(bytes([number]) * 16), NOW))
    assert (await fetch(service)).problem == (503, "temporarily-unavailable")
    assert (await fetch(service, "?after=0")).status == 200
