"""``GET /.well-known/revoked-sessions``."""

import time
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


def told(answer: Answer) -> dict[str, Any]:
    """Return the claims of a feed."""
    assert answer.status == 200, answer
    return segment(answer.body.decode(), 1)


async def test_it_is_a_jwt_of_a_type_of_its_own(service: Service) -> None:
    """Another library verifies it by the published keys: RS256, the type, the issuer, a minute to live."""
    service.clock.time = time.time()
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


async def test_a_sign_out_is_told(service: Service) -> None:
    """With its moment; other sessions are not."""
    ended, _ = await service.sign_in(), await service.sign_in()
    assert told(await fetch(service))["revoked"] == {}
    await service.ask("POST", "/auth/logout", json={"refresh_token": ended.refresh})
    service.clock.advance(2)
    session = await service.stored_session(ended)
    assert told(await fetch(service))["revoked"] == {base64url.encode(session.session_id): int(NOW)}


async def test_it_is_signed_once_for_each_change(service: Service) -> None:
    """While nothing happens the answer is the same bytes for 5 seconds; a change is told at once, or a
    quarter of a second after the last look.
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
    assert len(told(await fetch(service, query))["revoked"]) == 1


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_who_has_it_gets_304(service: Service, form: str) -> None:
    """A conditional request is answered without a body, whichever ``since`` is asked for: it is of the answer."""
    as_of = told(await fetch(service))["as_of"]
    full = await fetch(service, f"?since={as_of}")
    answer = await fetch(service, f"?since={as_of - 1}", If_None_Match=form.format(full.headers["ETag"]))
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == full.headers["ETag"]
    assert answer.headers["Cache-Control"] == full.headers["Cache-Control"]


async def test_since_leaves_out_what_one_has(service: Service) -> None:
    """What was revoked minutes before one's last feed is left out, the last minute told again; the rest is whole."""
    for number, ago in ((1, 500), (2, 150), (3, 0)):
        service.container.revocation_list().add(RevokedSession(SessionId(bytes([number]) * 16), NOW - ago))
    sids = [base64url.encode(bytes([number]) * 16) for number in (1, 2, 3)]
    whole = told(await fetch(service))
    assert (list(whole["revoked"]), whole["since"]) == (sids, 0)
    as_of = whole["as_of"]
    recent = told(await fetch(service, f"?since={as_of}"))
    assert list(recent["revoked"]) == sids[1:]
    assert recent["since"] <= as_of - 90
    assert told(await fetch(service, f"?since={as_of - 150}")) == whole


@pytest.mark.parametrize(
    "query", ["?since=", "?since=x", "?since=-1", "?since=1.5", "?since=1&since=2", "?since=" + 13 * "1"]
)
async def test_another_since_is_refused(service: Service, query: str) -> None:
    """400, saying what it must be."""
    assert (await fetch(service, query)).problem == (400, "invalid-request")


async def test_it_needs_no_store(service: Service) -> None:
    """While the store is away the feed is served, and says as of when it knows."""
    service.sessions.down = True
    assert (await fetch(service)).status == 200


async def test_it_scales(start: Start) -> None:
    """With 100,000 revoked sessions in the window the whole feed has them all, and a follower gets what is new."""
    service = await start()
    revoked = service.container.revocation_list()
    for number in range(100_000):
        revoked.add(RevokedSession(SessionId(number.to_bytes(16, "big")), NOW - 900 + number * 0.005))
    whole = await fetch(service)
    assert len(whole.body) < 6_000_000
    assert len(told(whole)["revoked"]) == 100_000
    recent = await fetch(service, f"?since={int(NOW)}")
    assert len(recent.body) < 2_000
