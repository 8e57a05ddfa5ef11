"""Faulty answers of an issuer: the guard keeps what it knows, and reports the fault."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientTimeout, web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url

from .fake_issuer import FEED, JWKS, METADATA, SID, FakeIssuer, FollowingApp, document, jwt, token
from .forgery import Forge
from .guarded_app import hello

OTHER = Forge(generate_rsa_key(2048))
OTHER_SID = base64url.encode(bytes([7]) * 16)

Answer = Callable[[FakeIssuer, web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
async def guarded(issuer: FakeIssuer) -> AsyncIterator[FollowingApp]:
    """Return an application that follows the issuer and knows one revoked session."""
    issuer.feed["revoked"] = {OTHER_SID: int(issuer.clock.now())}
    async with FollowingApp(issuer, [web.get("/", hello)]) as guarded:
        issuer.clock.advance(5)
        issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
        yield guarded


def feed(**changes: Any) -> Answer:
    """Answer with a signed feed with ``changes``. Times are relative to now."""

    async def answer(issuer: FakeIssuer, _: web.Request) -> web.Response:
        now = int(issuer.clock.now())
        moved = {name: now + at for name, at in changes.items() if name in ("iat", "exp", "as_of")}
        return jwt(issuer.feed_text(**{**changes, **moved}))

    return answer


def body(make: Callable[[FakeIssuer], bytes | str], content_type: str = "application/jwt") -> Answer:
    """Answer with a body."""

    async def answer(issuer: FakeIssuer, _: web.Request) -> web.Response:
        made = make(issuer)
        return web.Response(body=made.encode() if isinstance(made, str) else made, content_type=content_type)

    return answer


def redirect(location: str) -> Answer:
    """Answer with a redirect. The target would send the same document."""

    async def answer(issuer: FakeIssuer, request: web.Request) -> web.Response:
        target = location.format(url=issuer.url, path=request.path)
        return web.Response(status=307, headers={"Location": target})

    return answer


def status(code: int) -> Answer:
    """Answer with a status."""

    async def answer(issuer: FakeIssuer, _: web.Request) -> web.Response:
        return web.Response(status=code, text=issuer.feed_text())

    return answer


async def drip(_: FakeIssuer, request: web.Request) -> web.StreamResponse:
    """Send one byte at a time, without end."""
    response = web.StreamResponse(headers={"Content-Type": "application/jwt"})
    await response.prepare(request)
    while True:
        await response.write(b"e")
        await asyncio.sleep(0.01)


async def flood(_: FakeIssuer, request: web.Request) -> web.StreamResponse:
    """Send a body without end."""
    response = web.StreamResponse(headers={"Content-Type": request.query.get("type", "application/jwt")})
    if request.path != FEED:
        response.content_type = "application/json"
    await response.prepare(request)
    while True:
        await response.write(b"e" * 1_048_576)


async def bomb(issuer: FakeIssuer, _: web.Request) -> web.Response:
    """Send a compressed body."""
    response = jwt(issuer.feed_text())
    response.enable_compression(web.ContentCoding.gzip)
    response.headers["Content-Encoding"] = "gzip"
    return response


async def cut(_: FakeIssuer, request: web.Request) -> web.StreamResponse:
    """Send less than ``Content-Length`` and cut the connection."""
    response = web.StreamResponse(headers={"Content-Type": "application/jwt", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"eyJ")
    assert request.transport is not None
    request.transport.abort()
    return response


def _payload(make: Callable[[dict[str, object]], bytes]) -> Answer:
    """Answer with a correctly signed feed with these bytes as payload."""

    def text(issuer: FakeIssuer) -> str:
        header = json.dumps(issuer.signer.header(typ="keyturn-revocations+jwt")).encode()
        return issuer.signer.sign(header, make(issuer.feed_claims()))

    return body(text)


FEEDS: dict[str, tuple[Answer, str]] = {
    "an access token's type": (body(lambda issuer: issuer.feed_text(typ="at+jwt")), "not a signed JWT of its type"),
    "no type": (body(lambda issuer: issuer.feed_text(typ="JWT")), "not a signed JWT of its type"),
    "an access token": (body(token), "not a signed JWT of its type"),
    "another issuer": (feed(iss="https://evil.example"), "another issuer"),
    "expired": (feed(iat=-100, exp=-40, as_of=-100), "expired"),
    "from the future": (feed(iat=31, exp=91), "from the future"),
    "older than seen": (feed(iat=-6, as_of=-6), "older than one seen"),
    "times that contradict": (feed(iat=0, exp=-1), "contradict"),
    "knows the future": (feed(as_of=1), "contradict"),
    "leaves a gap": (feed(since=2_000_000_000), "leaves out"),
    "another key": (body(lambda issuer: issuer.feed_text(signer=OTHER)), "not published"),
    "another key under this name": (
        body(lambda issuer: OTHER.token(issuer.feed_claims(), typ="keyturn-revocations+jwt", kid=issuer.signer.kid)),
        "signature is wrong",
    ),
    "drops its own signer": (
        body(lambda issuer: issuer.feed_text(dropped=[issuer.signer.kid])),
        "does not trust itself",
    ),
    "does not name its own signer": (feed(keys=["x"]), "does not trust itself"),
    "no claim": (_payload(lambda _: b"{}"), "not a signed JWT"),
    "no JSON": (_payload(lambda _: b"{"), "not a signed JWT"),
    "duplicate members": (
        _payload(lambda claims: json.dumps(claims).encode()[:-1] + b', "iat": 1}'),
        "not a signed JWT",
    ),
    "no sid": (feed(revoked={"x": 1}), "not a signed JWT"),
    "no JWT": (body(lambda _: "rubbish"), "not a signed JWT"),
    "nothing": (body(lambda _: ""), "not a signed JWT"),
    "no ASCII": (body(lambda _: b"\xff\xfe"), "no JWT"),
    "another media type": (body(lambda issuer: issuer.feed_text(), "text/html"), "media type"),
    "too much": (flood, "more than"),
    "compressed": (bomb, "compressed"),
    "drop by drop": (drip, "No whole answer came in time."),
    "cut": (cut, "cannot be fetched"),
    "a redirect to itself": (redirect("{url}{path}?again=1"), "answers 307"),
    "a redirect to another host": (redirect("http://127.0.0.1:1{path}"), "answers 307"),
    "304 that was not asked for": (status(304), "answers 304"),
    "404": (status(404), "answers 404"),
    "500": (status(500), "answers 500"),
    "204": (status(204), "answers 204"),
}


@pytest.mark.parametrize(("answer", "fault"), FEEDS.values(), ids=FEEDS)
async def test_faulty_feed_changes_nothing(
    issuer: FakeIssuer, guarded: FollowingApp, monkeypatch: pytest.MonkeyPatch, answer: Answer, fault: str
) -> None:
    """The guard ignores a faulty feed and reports the fault. It accepts the next good feed."""
    if "in time" in fault:
        monkeypatch.setattr(guarded.guard._follower._issuer._client, "_timeout", ClientTimeout(total=0.3))
    issuer.overrides[FEED] = lambda request: answer(issuer, request)
    state = await guarded.poll()
    assert fault in state.feed_fault
    assert (state.revoked_sessions, state.feed_age, state.dropped_kids) == (1, 5, ())
    assert await guarded.status(token(issuer)) == 200
    del issuer.overrides[FEED]
    state = await guarded.poll()
    assert (state.feed_fault, state.revoked_sessions) == ("", 2)
    assert await guarded.status(token(issuer)) == 401


async def test_feed_signed_by_dropped_key_is_refused(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A leaked key can neither undo its drop nor revoke sessions."""
    leaked, issuer.signer = issuer.signer, OTHER
    issuer.forges.append(OTHER)
    await guarded.fetch()
    issuer.feed |= {"keys": [OTHER.kid], "dropped": [leaked.kid], "revoked": {}}
    assert (await guarded.poll()).feed_fault == ""
    issuer.clock.advance(2)
    issuer.signer = leaked
    issuer.feed = {"revoked": {SID: int(issuer.clock.now())}}
    state = await guarded.poll()
    assert "dropped" in state.feed_fault
    assert state.revoked_sessions == 1
    assert await guarded.status(token(issuer, OTHER)) == 200


def answer_json(make: Callable[[FakeIssuer], object]) -> Answer:
    """Answer with JSON."""

    async def answer(issuer: FakeIssuer, _: web.Request) -> web.Response:
        return document(make(issuer))

    return answer


def _weak(issuer: FakeIssuer) -> dict[str, object]:
    return {"keys": [{**key, "n": "AQAB"} for key in issuer.jwk_set()["keys"]]}


KEYS: dict[str, tuple[Answer, str]] = {
    "no keys": (answer_json(lambda _: {"keys": []}), "no RSA key"),
    "no object": (answer_json(lambda _: []), "not an object"),
    "no array": (answer_json(lambda _: {"keys": {}}), "no array"),
    "a weak key": (answer_json(_weak), "does not have 2048"),
    "no JSON": (body(lambda _: "{", "application/json"), "not JSON"),
    "duplicate members": (body(lambda _: '{"keys": [], "keys": []}', "application/json"), "ambiguous"),
    "too deep": (body(lambda _: "[" * 100_000, "application/json"), "not JSON"),
    "another media type": (body(lambda issuer: json.dumps(issuer.jwk_set()), "text/html"), "media type"),
    "too much": (flood, "more than"),
    "drop by drop": (drip, "media type"),
    "a redirect": (redirect("{url}{path}?again=1"), "answers 307"),
    "500": (status(500), "answers 500"),
}


@pytest.mark.parametrize(("answer", "fault"), KEYS.values(), ids=KEYS)
async def test_faulty_jwk_set_changes_nothing(
    issuer: FakeIssuer, guarded: FollowingApp, answer: Answer, fault: str
) -> None:
    """The guard keeps the last good keys and reports the fault. It accepts the next good JWK Set."""
    issuer.overrides[JWKS] = lambda request: answer(issuer, request)
    state = await guarded.fetch()
    assert fault in state.keys_fault
    assert state.kids == (issuer.signer.kid,)
    assert await guarded.status(token(issuer)) == 200
    del issuer.overrides[JWKS]
    issuer.forges.append(OTHER)
    issuer.feed["revoked"] = {}
    await guarded.poll()
    state = await guarded.fetch()
    assert state.keys_fault == ""
    assert OTHER.kid in state.kids


METADATAS: dict[str, tuple[Answer, str]] = {
    "another issuer": (answer_json(lambda issuer: issuer.metadata(issuer="https://evil.example")), "another issuer"),
    "this issuer with a slash": (
        answer_json(lambda issuer: issuer.metadata(issuer=issuer.url + "/")),
        "the slash at the end makes them different issuers (RFC 8414 §3.3). Give the guard the issuer http://",
    ),
    "no issuer": (answer_json(lambda issuer: {"jwks_uri": issuer.url + JWKS}), "another issuer"),
    "no jwks_uri": (answer_json(lambda issuer: {"issuer": issuer.url}), "no jwks_uri"),
    "keys over http": (answer_json(lambda issuer: issuer.metadata(jwks_uri="http://keys.example/keys")), "no jwks_uri"),
    "keys in a file": (answer_json(lambda issuer: issuer.metadata(jwks_uri="file:///etc/passwd")), "no jwks_uri"),
    "no URL": (answer_json(lambda issuer: issuer.metadata(jwks_uri="http://[")), "no jwks_uri"),
    "another type": (answer_json(lambda issuer: issuer.metadata(jwks_uri=[issuer.url])), "no jwks_uri"),
    "no object": (answer_json(lambda _: []), "another issuer"),
    "no JSON": (body(lambda _: "{", "application/json"), "not JSON"),
    "another media type": (body(lambda issuer: json.dumps(issuer.metadata()), "text/plain"), "media type"),
    "too much": (flood, "more than"),
    "a redirect": (redirect("{url}{path}?again=1"), "answers 307"),
    "500": (status(500), "answers 500"),
}


@pytest.mark.parametrize(("answer", "fault"), METADATAS.values(), ids=METADATAS)
async def test_faulty_metadata_is_not_followed(issuer: FakeIssuer, answer: Answer, fault: str) -> None:
    """The guard fetches no keys and reports the fault. It follows the next good metadata."""
    issuer.overrides[METADATA] = lambda request: answer(issuer, request)
    async with FollowingApp(issuer, [web.get("/", hello)]) as guarded:
        assert fault in guarded.guard.state().keys_fault
        assert issuer.fetches[JWKS] == 0
        assert await guarded.status(token(issuer)) == 503
        del issuer.overrides[METADATA]
        await guarded.fetch()
        assert await guarded.status(token(issuer)) == 200


async def test_metadata_is_fetched_again_after_failure(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """After a failed fetch the guard reads the metadata again, and finds keys that moved."""
    issuer.overrides[JWKS] = lambda request: status(404)(issuer, request)
    await guarded.fetch()
    issuer.overrides[METADATA] = lambda _: _elsewhere(issuer)
    assert (await guarded.fetch()).keys_fault == ""
    assert issuer.fetches["/.well-known/jwks.json"] == 1


async def _elsewhere(issuer: FakeIssuer) -> web.Response:
    return document(issuer.metadata(jwks_uri=issuer.url + "/.well-known/jwks.json"))
