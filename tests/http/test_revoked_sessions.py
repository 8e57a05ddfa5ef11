"""``GET /.well-known/revoked-sessions``."""

from typing import Any

import jwt
import pytest

from app.domain import base64url
from app.domain.identifiers import SessionId
from app.domain.tokens.revoked_session import RevokedSession
from app.testing.builders import ISSUER
from app.testing.system import NOW

from .conftest import Start
from .forgery import segment
from .service import Answer, Service

PATH = "/.well-known/revoked-sessions"


async def fetch(service: Service, query: str = "", **headers: str) -> Answer:
    """Fetch the feed."""
    return await service.ask(
        "GET", PATH + query, headers={name.replace("_", "-"): each for name, each in headers.items()}
    )


def feed_claims(answer: Answer) -> dict[str, Any]:
    """Return the claims of a feed."""
    assert answer.status == 200, answer
    return segment(answer.body.decode(), 1)


async def test_feed_is_a_jwt_of_its_own_type(service: Service) -> None:
    """PyJWT verifies it with the published keys: RS256, type, issuer, one minute of lifetime."""
    service.use_real_time()
    answer = await fetch(service)
    assert answer.headers["Content-Type"] == "application/jwt"
    assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    keys = jwt.PyJWKSet.from_dict((await service.ask("GET", "/.well-known/jwks.json")).json())
    header = jwt.get_unverified_header(answer.body.decode())
    assert header.keys() == {"alg", "typ", "kid"}
    assert header["typ"] == "keyturn-revocations+jwt"
    claims = jwt.decode(answer.body.decode(), keys[header["kid"]], algorithms=["RS256"], issuer=ISSUER)
    assert claims["exp"] - claims["iat"] == 60
    assert claims["keys"] == [header["kid"]]


async def test_feed_has_a_session_after_logout(service: Service) -> None:
    """The feed has the session with its time, and no other session."""
    ended, _ = await service.sign_in(), await service.sign_in()
    assert feed_claims(await fetch(service))["revoked"] == {}
    await service.ask("POST", "/auth/logout", json={"refresh_token": ended.refresh})
    service.clock.advance(2)
    session = await service.stored_session(ended)
    assert feed_claims(await fetch(service))["revoked"] == {base64url.encode(session.session_id): int(NOW)}


async def test_feed_is_signed_again_after_a_change(service: Service) -> None:
    """Without a change the feed has the same bytes for 5 seconds.

    A change appears after at most a quarter of a second.
    """
    query = f"?since={int(NOW)}"
    first = await fetch(service, query)
    for _ in range(4):
        service.clock.advance(1)
        assert (await fetch(service, query)).body == first.body
    service.clock.advance(1)
    later = await fetch(service, query)
    assert later.body != first.body
    ended = await service.sign_in()
    await service.ask("POST", "/auth/logout", json={"refresh_token": ended.refresh})
    assert (await fetch(service, query)).body == later.body
    service.clock.advance(0.25)
    assert len(feed_claims(await fetch(service, query))["revoked"]) == 1


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_matching_etag_gets_304(service: Service, form: str) -> None:
    """The response has no body. The ETag depends on the response, not on ``since``."""
    as_of = feed_claims(await fetch(service))["as_of"]
    full = await fetch(service, f"?since={as_of}")
    answer = await fetch(service, f"?since={as_of - 1}", If_None_Match=form.format(full.headers["ETag"]))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == full.headers["ETag"]
    assert answer.headers["Cache-Control"] == full.headers["Cache-Control"]


async def test_since_returns_the_recent_feed(service: Service) -> None:
    """The recent feed has the last minutes, with an overlap. An older ``since`` gets the full feed."""
    for number, ago in ((1, 500), (2, 150), (3, 0)):
        service.container.revocation_list().add(RevokedSession(SessionId(bytes([number]) * 16), NOW - ago))
    sids = [base64url.encode(bytes([number]) * 16) for number in (1, 2, 3)]
    full = feed_claims(await fetch(service))
    assert (list(full["revoked"]), full["since"]) == (sids, 0)
    as_of = full["as_of"]
    recent = feed_claims(await fetch(service, f"?since={as_of}"))
    assert list(recent["revoked"]) == sids[1:]
    assert recent["since"] <= as_of - 90
    assert feed_claims(await fetch(service, f"?since={as_of - 150}")) == full


@pytest.mark.parametrize(
    "value", ["", "x", "-1", "+1", "1.5", "1&since=1", 13 * "1", "01", "000000000000", "%D9%A1", 4_400 * "9"], ids=str
)
async def test_malformed_since_is_refused(service: Service, value: str) -> None:
    """The response is 400 and names the parameter."""
    answer = await fetch(service, f"?since={value}")
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["since"]


async def test_feed_needs_no_store(service: Service) -> None:
    """While the store is down, the feed is still served."""
    service.sessions.down = True
    assert (await fetch(service)).status == 200


async def test_feed_of_100_000_sessions(start: Start) -> None:
    """The full feed has all 100,000 revoked sessions, and the recent feed stays small."""
    service = await start()
    revoked = service.container.revocation_list()
    for number in range(100_000):
        revoked.add(RevokedSession(SessionId(number.to_bytes(16, "big")), NOW - 900 + number * 0.005))
    full = await fetch(service)
    assert len(full.body) < 6_000_000
    assert len(feed_claims(full)["revoked"]) == 100_000
    recent = await fetch(service, f"?since={int(NOW)}")
    assert len(recent.body) < 2_000
