"""The remote guard follows the revocation feed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url
from app.guard import closed_when_stale, open_when_stale, public, requires

from .fake_issuer import FEED, JWKS, SID, FakeIssuer, FollowingApp, document, jwt, token
from .forgery import Forge
from .guarded_app import bearer, claims, guard_of, guarded_app, hello, status
from .log_lines import LogLines

OTHER = Forge(generate_rsa_key(2048))


@pytest.fixture
async def guarded(issuer: FakeIssuer) -> AsyncIterator[FollowingApp]:
    """Return an application that follows the issuer."""
    async with FollowingApp(issuer, [web.get("/", hello)]) as guarded:
        yield guarded


async def test_revoked_session_is_refused(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """After the poll, tokens of the revoked session get 401. Tokens of other sessions stay valid."""
    other = issuer.signer.token(claims(iss=issuer.url, sid=base64url.encode(bytes([1]) * 16)))
    assert await guarded.status(token(issuer)) == 200
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    issuer.clock.advance(2)
    state = await guarded.poll()
    assert (state.revoked_sessions, state.feed_age, state.feed_fault) == (1, 0, "")
    async with guarded.client.get("/", headers={"Authorization": f"Bearer {token(issuer)}"}) as response:
        assert response.status == 401
        assert "revoked" in response.headers["WWW-Authenticate"]
    assert await guarded.status(other) == 200


async def test_cut_off_of_the_feed_ends_all_sessions_that_began_before(
    issuer: FakeIssuer, guarded: FollowingApp
) -> None:
    """After the poll, tokens of sessions that began at or before the cut-off get 401, remembered ones too. Tokens of
    later sessions and of clients that act for themselves stay valid. A feed whose cut-off goes back is refused.
    """
    cut_off = int(issuer.clock.now())
    began = {at: issuer.signer.token(claims(iss=issuer.url, auth_time=at)) for at in range(cut_off - 1, cut_off + 2)}
    members = {name: value for name, value in claims(iss=issuer.url).items() if name not in ("sid", "auth_time")}
    of_client = issuer.signer.token(members)
    assert [await guarded.status(each) for each in (*began.values(), of_client)] == [200] * 4
    issuer.feed["cut_off"] = cut_off
    issuer.clock.advance(2)
    assert (await guarded.poll()).feed_fault == ""
    assert [await guarded.status(each) for each in (*began.values(), of_client)] == [401, 401, 200, 200]
    issuer.feed["cut_off"] = cut_off - 1
    issuer.clock.advance(2)
    assert "cut-off" in (await guarded.poll()).feed_fault
    assert await guarded.status(began[cut_off]) == 401


async def test_first_feed_has_earlier_revocations(issuer: FakeIssuer) -> None:
    """The first feed is complete, and comes before the first request."""
    issuer.feed["revoked"] = {SID: int(issuer.clock.now()) - 800}
    async with FollowingApp(issuer, [web.get("/", hello)]) as guarded:
        assert await guarded.status(token(issuer)) == 401
    assert issuer.queries == ["after=0"]


async def test_polls_ask_for_new_revocations_only(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Each poll names the time up to which the guard knows all revocations, and keeps the known ones."""
    first = int(issuer.clock.now())
    issuer.feed = {"revoked": {SID: first}}
    issuer.clock.advance(2)
    await guarded.poll()
    issuer.feed = {"since": first - 200}
    issuer.clock.advance(2)
    await guarded.poll()
    assert issuer.queries == ["after=0", f"after=0&since={first}", f"after=0&since={first + 2}"]
    assert await guarded.status(token(issuer)) == 401


async def test_revoked_session_is_dropped_when_its_tokens_expire(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """The guard drops a session after the window of the feed and the leeway."""
    issuer.feed = {"revoked": {SID: int(issuer.clock.now())}}
    issuer.clock.advance(2)
    assert (await guarded.poll()).revoked_sessions == 1
    issuer.feed = {}
    issuer.clock.advance(990 + 28)
    assert (await guarded.poll()).revoked_sessions == 1
    issuer.clock.advance(1)
    assert (await guarded.poll()).revoked_sessions == 0


async def test_unchanged_feed_answers_304(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """The guard sends the ETag of the last good feed. A 304 is no fault."""
    seen: list[str | None] = []

    async def conditional(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        if seen[-1] == '"one"':
            return web.Response(status=304)
        return jwt(issuer.feed_text(), ETag='"one"')

    issuer.overrides[FEED] = conditional
    issuer.clock.advance(2)
    await guarded.poll()
    issuer.clock.advance(2)
    state = await guarded.poll()
    assert seen == [None, '"one"']
    assert (state.feed_fault, state.feed_age) == ("", 2)


async def test_etag_of_refused_feed_is_not_sent(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A 304 to that ETag would hide the fault."""
    seen: list[str | None] = []

    async def wrong(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        return jwt(issuer.feed_text(iss="https://evil.example"), ETag='"wrong"')

    issuer.overrides[FEED] = wrong
    await guarded.poll()
    fault = (await guarded.poll()).feed_fault
    assert fault == f"The feed is another issuer's: https://evil.example. This guard follows {issuer.url}."
    assert seen == [None, None]


async def test_dropped_key_is_never_trusted_again(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Its tokens, cached ones too, get 401 at once, whatever a later JWK Set or feed says."""
    leaked = issuer.signer
    issuer.forges.append(OTHER)
    await guarded.fetch()
    assert await guarded.status(token(issuer)) == 200
    issuer.clock.advance(2)
    issuer.signer = OTHER
    issuer.feed = {"keys": [OTHER.kid], "dropped": [leaked.kid]}
    assert (await guarded.poll()).dropped_kids == (leaked.kid,)
    assert await guarded.status(token(issuer, leaked)) == 401
    assert await guarded.status(token(issuer)) == 200
    issuer.feed = {}
    issuer.clock.advance(2)
    await guarded.fetch()
    await guarded.poll()
    assert await guarded.status(token(issuer, leaked)) == 401


async def test_key_missing_in_feed_is_not_trusted(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A key that the feed does not name is not trusted, even if a JWK Set still has it. An instance that started after
    the drop does not list it as dropped.
    """
    leaked = issuer.signer
    issuer.forges.append(OTHER)
    await guarded.fetch()
    issuer.clock.advance(2)
    issuer.signer, issuer.feed = OTHER, {"keys": [OTHER.kid]}
    await guarded.poll()
    for _ in range(2):
        assert await guarded.status(token(issuer, leaked)) == 401
        assert await guarded.status(token(issuer)) == 200
        issuer.clock.advance(1)
        await guarded.fetch()


async def test_stale_feed_does_not_limit_keys(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """When the feed is stale, every key of the newest JWK Set is trusted."""

    async def not_found(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.forges.append(OTHER)
    await guarded.fetch()
    issuer.clock.advance(2)
    issuer.feed = {"keys": [issuer.signer.kid]}
    await guarded.poll()
    issuer.overrides[FEED] = not_found
    await guarded.fetch()
    assert await guarded.status(token(issuer, OTHER)) == 401
    issuer.clock.advance(31)
    assert (await guarded.poll()).feed_is_stale
    await guarded.fetch()
    assert await guarded.status(token(issuer, OTHER)) == 200


async def test_key_that_replaces_leaked_key_is_fetched(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """The first feed of a key that was never pending is refused and causes a fetch. The next feed is good."""
    leaked, issuer.signer, issuer.forges = issuer.signer, OTHER, [OTHER]
    issuer.feed = {"dropped": [leaked.kid]}
    issuer.clock.advance(2)
    assert "not published" in (await guarded.poll()).feed_fault
    await issuer.wait_for_fetches(JWKS, 2)
    assert (await guarded.fetch()).keys_fault == ""
    assert (await guarded.poll()).feed_fault == ""
    assert await guarded.status(token(issuer)) == 200
    assert await guarded.status(token(issuer, leaked)) == 401


async def test_a_feed_of_a_new_key_causes_a_fetch_after_tokens_did(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A token of an unknown key has just caused a fetch. Then the feed of a new key causes another one at once."""
    assert await guarded.status(token(issuer, kid="made-up")) == 401
    await issuer.wait_for_fetches(JWKS, 2)
    issuer.signer, issuer.forges = OTHER, [OTHER]
    issuer.clock.advance(2)
    assert "not published" in (await guarded.poll()).feed_fault
    await issuer.wait_for_fetches(JWKS, 3)
    async with asyncio.timeout(5):
        while await guarded.status(token(issuer)) != 200:  # noqa: ASYNC110  # the guard fetches in the background
            await asyncio.sleep(0.005)


async def test_key_named_by_some_instances_only(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A key is trusted again with the next feed that names it. Some instances may not know a new key yet."""
    issuer.forges.append(OTHER)
    await guarded.fetch()
    for names_it in (True, False, True):
        issuer.clock.advance(2)
        issuer.feed = {} if names_it else {"keys": [issuer.signer.kid]}
        await guarded.poll()
        assert await guarded.status(token(issuer, OTHER)) == (200 if names_it else 401)


def staleness_routes() -> list[web.AbstractRouteDef]:
    """Return one route of each kind."""

    class View(web.View):
        async def get(self) -> web.Response:
            return web.Response()

        @closed_when_stale
        async def post(self) -> web.Response:
            return web.Response()

    return [
        web.get("/", hello),
        web.get("/closed", closed_when_stale(requires("orders:read")(hello))),
        web.get("/also-closed", requires("orders:read")(closed_when_stale(hello))),
        web.get("/open", open_when_stale(requires("orders:read")(_hello))),
        web.get("/public", public(_hello_stranger)),
        web.view("/view", View),
    ]


async def _hello(_: web.Request) -> web.Response:
    return web.Response()


async def _hello_stranger(_: web.Request) -> web.Response:
    return web.Response()


@pytest.mark.parametrize("closed", [False, True], ids=["open by default", "closed by default"])
async def test_marks_decide_about_stale_feed(issuer: FakeIssuer, *, closed: bool) -> None:
    """While the feed is stale, a route goes on or answers 503 with Retry-After, as its mark or else the guard says."""
    async with FollowingApp(issuer, staleness_routes(), closed_when_stale=closed) as guarded:
        paths = ("/", "/closed", "/also-closed", "/open", "/public", "/view")
        assert [await guarded.status(token(issuer), path) for path in paths] == [200] * 6
        await issuer.stop()
        issuer.clock.advance(30)
        assert await guarded.status(token(issuer), "/closed") == 200
        issuer.clock.advance(1)
        assert (await guarded.poll()).feed_is_stale
        plain = 503 if closed else 200
        assert [await guarded.status(token(issuer), path) for path in paths] == [plain, 503, 503, 200, 200, plain]
        headers = {"Authorization": f"Bearer {token(issuer)}"}
        async with guarded.client.get("/closed", headers=headers) as response:
            assert response.headers["Retry-After"] == "1"
            assert (await response.json())["detail"].startswith(
                "It is not known at present which sessions were revoked"
            )
        async with guarded.client.post("/view", headers=headers) as response:
            assert response.status == 503
        assert await guarded.status(path="/closed") == 401


async def test_feed_that_never_came_is_stale(issuer: FakeIssuer) -> None:
    """Earlier revocations are unknown, so closed routes answer 503."""

    async def not_found(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.overrides[FEED] = not_found
    async with FollowingApp(issuer, staleness_routes()) as guarded:
        assert guarded.guard.state().feed_age is None
        assert await guarded.status(token(issuer)) == 200
        assert await guarded.status(token(issuer), "/closed") == 503


async def test_log_reports_staleness_once(issuer: FakeIssuer, guarded: FollowingApp, log: LogLines) -> None:
    """The log has one line when the feed becomes stale, and one when it is good again."""

    async def not_found(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.overrides[FEED] = not_found
    for _ in range(20):
        issuer.clock.advance(2)
        await guarded.poll()
    del issuer.overrides[FEED]
    assert not (await guarded.poll()).feed_is_stale
    lines = [line["message"] for line in log.of("keyturn.guard") if "revocations" in line["message"]]
    assert len(lines) == 2
    assert "revoked unheard" in lines[0]
    assert "good again" in lines[1]


async def test_issuer_without_store_makes_feed_stale(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Such an issuer signs new feeds with an old ``as_of``, and the age counts from there."""
    issuer.feed["as_of"] = int(issuer.clock.now())
    issuer.clock.advance(31)
    state = await guarded.poll()
    assert (state.feed_fault, state.feed_age, state.feed_is_stale) == ("", 31, True)


async def test_repeated_feed_becomes_stale(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A cache that always sends the same feed does not keep the guard fresh."""
    text = issuer.feed_text()

    async def cached(_: web.Request) -> web.Response:
        return jwt(text)

    issuer.overrides[FEED] = cached
    for _ in range(16):
        issuer.clock.advance(2)
        state = await guarded.poll()
    assert state.feed_is_stale


@pytest.mark.parametrize("difference", [-25, 25])
async def test_clocks_may_differ_by_the_leeway(issuer: FakeIssuer, guarded: FollowingApp, difference: int) -> None:
    """A guard follows an issuer whose clock is 25 seconds behind or ahead, and its feed is not stale."""
    for _ in range(3):
        issuer.clock.advance(2)
        now = int(issuer.clock.now()) + difference + 30
        issuer.feed = {"iat": now - 30, "exp": now + 30, "as_of": now - 30}
        state = await guarded.poll()
    if difference < 0:  # older than the first feed
        issuer.clock.advance(30)
        issuer.feed = {"iat": now, "exp": now + 60, "as_of": now}
        state = await guarded.poll()
    assert (state.feed_fault, state.feed_is_stale) == ("", False)


async def test_closed_when_stale_without_feed_answers_500(forge: Forge, aiohttp_client: object) -> None:
    """Under a guard that follows no feed, a handler with the mark answers 500."""
    app = guarded_app(guard_of(forge), [web.get("/", closed_when_stale(hello)), web.get("/open", hello)])
    client = await aiohttp_client(app)  # type: ignore[operator]  # pytest-aiohttp's
    assert await status(client, "/", headers=bearer(forge)) == 500
    assert await status(client, "/open", headers=bearer(forge)) == 200


def test_marks_exclude_each_other() -> None:
    """Contradicting marks raise ``TypeError``."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(TypeError, match="cannot be open"):
        open_when_stale(closed_when_stale(handler))
    with pytest.raises(TypeError, match="cannot be public"):
        public(closed_when_stale(handler))
    open_when_stale(handler)
    with pytest.raises(TypeError, match="cannot be closed"):
        closed_when_stale(handler)


async def test_feed_with_many_sessions(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A feed of 20,000 sessions, 1 MB, is read."""
    now = int(issuer.clock.now())
    issuer.feed["revoked"] = {
        base64url.encode(number.to_bytes(16, "big")): now - number // 200 for number in range(20_000)
    }
    issuer.clock.advance(2)
    state = await guarded.poll()
    assert (state.feed_fault, state.revoked_sessions) == ("", 20_000)
    assert await guarded.status(token(issuer)) == 401


async def test_fault_of_keys_does_not_affect_feed(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """A faulty JWK Set does not stop the feed."""

    async def empty(_: web.Request) -> web.Response:
        return document({"keys": []})

    issuer.overrides[JWKS] = empty
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    issuer.clock.advance(2)
    await guarded.fetch()
    state = await guarded.poll()
    assert state.keys_fault
    assert state.revoked_sessions == 1
