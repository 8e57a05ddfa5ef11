"""The remote guard follows the revocation feed."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url
from app.guard import closed_when_stale, open_when_stale, public, requires

from .foreign import application, bearer, claims, guard_of, hello, status
from .forgery import Forge
from .log_lines import LogLines
from .stand_in_issuer import FEED, JWKS, SID, Following, StandInIssuer, document, jwt, token

OTHER = Forge(generate_rsa_key(2048))


@pytest.fixture
async def guarded(issuer: StandInIssuer) -> AsyncIterator[Following]:
    """Return an application that follows the issuer."""
    async with Following(issuer, [web.get("/", hello)]) as guarded:
        yield guarded


async def test_a_revoked_session_is_refused(issuer: StandInIssuer, guarded: Following) -> None:
    """From the poll on that tells of it; others go on, and so do tokens of no session."""
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


async def test_a_start_knows_what_was_revoked_before(issuer: StandInIssuer) -> None:
    """The first feed is the whole one, and comes before the first request."""
    issuer.feed["revoked"] = {SID: int(issuer.clock.now()) - 800}
    async with Following(issuer, [web.get("/", hello)]) as guarded:
        assert await guarded.status(token(issuer)) == 401
    assert issuer.queries == [""]


async def test_only_what_is_new_is_asked_for(issuer: StandInIssuer, guarded: Following) -> None:
    """Each poll names the moment up to which everything is known; what was learnt before stays."""
    first = int(issuer.clock.now())
    issuer.feed = {"revoked": {SID: first}}
    issuer.clock.advance(2)
    await guarded.poll()
    issuer.feed = {"since": first - 200}
    issuer.clock.advance(2)
    await guarded.poll()
    assert issuer.queries == ["", f"since={first}", f"since={first + 2}"]
    assert await guarded.status(token(issuer)) == 401


async def test_a_session_is_forgotten_when_its_tokens_are_dead(issuer: StandInIssuer, guarded: Following) -> None:
    """After the window that the feed names, and the leeway."""
    issuer.feed = {"revoked": {SID: int(issuer.clock.now())}}
    issuer.clock.advance(2)
    assert (await guarded.poll()).revoked_sessions == 1
    issuer.feed = {}
    issuer.clock.advance(990 + 28)
    assert (await guarded.poll()).revoked_sessions == 1
    issuer.clock.advance(1)
    assert (await guarded.poll()).revoked_sessions == 0


async def test_what_did_not_change_is_not_sent_again(issuer: StandInIssuer, guarded: Following) -> None:
    """The ETag of the last good feed is sent along; 304 is no fault, and nothing new."""
    seen: list[str | None] = []

    async def conditional(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        if seen[-1] == '"one"':
            return web.Response(status=304)
        return jwt(issuer.feed_text(), ETag='"one"')

    issuer.instead[FEED] = conditional
    issuer.clock.advance(2)
    await guarded.poll()
    issuer.clock.advance(2)
    state = await guarded.poll()
    assert seen == [None, '"one"']
    assert (state.feed_fault, state.feed_age) == ("", 2)


async def test_the_tag_of_a_refused_feed_is_not_sent(issuer: StandInIssuer, guarded: Following) -> None:
    """A feed that was refused is asked for again whole: 304 would hide the fault."""
    seen: list[str | None] = []

    async def wrong(request: web.Request) -> web.Response:
        seen.append(request.headers.get("If-None-Match"))
        return jwt(issuer.feed_text(iss="https://evil.example"), ETag='"wrong"')

    issuer.instead[FEED] = wrong
    await guarded.poll()
    assert (await guarded.poll()).feed_fault == "The feed is another issuer's."
    assert seen == [None, None]


async def test_a_dropped_key_is_out_for_good(issuer: StandInIssuer, guarded: Following) -> None:
    """Its tokens are refused at once, remembered ones too, whatever a cached JWK Set or a later feed says."""
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


async def test_a_key_that_the_feed_does_not_name_is_out(issuer: StandInIssuer, guarded: Following) -> None:
    """An instance that started after the drop knows of no drop: it names the keys that are good. A JWK Set that is
    fetched from some cache changes nothing.
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


async def test_without_feeds_the_newest_keys_count(issuer: StandInIssuer, guarded: Following) -> None:
    """A feed that ended does not keep out the key that came after it."""

    async def nothing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.forges.append(OTHER)
    await guarded.fetch()
    issuer.clock.advance(2)
    issuer.feed = {"keys": [issuer.signer.kid]}
    await guarded.poll()
    issuer.instead[FEED] = nothing
    await guarded.fetch()
    assert await guarded.status(token(issuer, OTHER)) == 401
    issuer.clock.advance(31)
    assert (await guarded.poll()).feed_is_stale
    await guarded.fetch()
    assert await guarded.status(token(issuer, OTHER)) == 200


async def test_a_key_that_signs_at_once_is_learnt(issuer: StandInIssuer, guarded: Following) -> None:
    """Where no key was pending, the one that takes a leaked one's place is unknown: its first feed asks for it, and the
    next one is good.
    """
    leaked, issuer.signer, issuer.forges = issuer.signer, OTHER, [OTHER]
    issuer.feed = {"dropped": [leaked.kid]}
    issuer.clock.advance(2)
    assert "not published" in (await guarded.poll()).feed_fault
    await issuer.asked(JWKS, 2)
    assert (await guarded.fetch()).keys_fault == ""
    assert (await guarded.poll()).feed_fault == ""
    assert await guarded.status(token(issuer)) == 200
    assert await guarded.status(token(issuer, leaked)) == 401


async def test_a_key_that_comes_and_goes_between_instances_is_not_lost(
    issuer: StandInIssuer, guarded: Following
) -> None:
    """One instance names a new key, another has not noticed it yet: it is good again with the next feed."""
    issuer.forges.append(OTHER)
    await guarded.fetch()
    for names_it in (True, False, True):
        issuer.clock.advance(2)
        issuer.feed = {} if names_it else {"keys": [issuer.signer.kid]}
        await guarded.poll()
        assert await guarded.status(token(issuer, OTHER)) == (200 if names_it else 401)


def staleness_routes() -> list[web.AbstractRouteDef]:
    """Return a route of each kind."""

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
async def test_each_route_says_what_happens_when_the_feed_is_stale(issuer: StandInIssuer, *, closed: bool) -> None:
    """It goes on, or answers 503 with Retry-After: as the guard says, unless the route says otherwise."""
    async with Following(issuer, staleness_routes(), closed_when_stale=closed) as guarded:
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
            assert (await response.json())["detail"].startswith("Which sessions were revoked lately is not known")
        async with guarded.client.post("/view", headers=headers) as response:
            assert response.status == 503
        assert await guarded.status(path="/closed") == 401


async def test_a_feed_that_never_came_is_stale(issuer: StandInIssuer) -> None:
    """From the start on: what was revoked before is not known."""

    async def nothing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.instead[FEED] = nothing
    async with Following(issuer, staleness_routes()) as guarded:
        assert guarded.guard.state().feed_age is None
        assert await guarded.status(token(issuer)) == 200
        assert await guarded.status(token(issuer), "/closed") == 503


async def test_staleness_is_reported_once_and_ends(issuer: StandInIssuer, guarded: Following, log: LogLines) -> None:
    """A line when it begins and one when it ends, whatever the number of polls between."""

    async def nothing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.instead[FEED] = nothing
    for _ in range(20):
        issuer.clock.advance(2)
        await guarded.poll()
    del issuer.instead[FEED]
    assert not (await guarded.poll()).feed_is_stale
    lines = [line["message"] for line in log.of("keyturn.guard") if "revocations" in line["message"]]
    assert len(lines) == 2
    assert "revoked unheard" in lines[0]
    assert "good again" in lines[1]


async def test_an_issuer_without_its_store_is_stale(issuer: StandInIssuer, guarded: Following) -> None:
    """Its feeds are signed anew and say as of when it knows: that counts."""
    issuer.feed["as_of"] = int(issuer.clock.now())
    issuer.clock.advance(31)
    state = await guarded.poll()
    assert (state.feed_fault, state.feed_age, state.feed_is_stale) == ("", 31, True)


async def test_a_feed_repeated_is_no_news(issuer: StandInIssuer, guarded: Following) -> None:
    """A cache that answers with one feed for ever is not taken for a fresh one."""
    text = issuer.feed_text()

    async def cached(_: web.Request) -> web.Response:
        return jwt(text)

    issuer.instead[FEED] = cached
    for _ in range(16):
        issuer.clock.advance(2)
        state = await guarded.poll()
    assert state.feed_is_stale


@pytest.mark.parametrize("difference", [-25, 25])
async def test_clocks_may_differ_by_the_leeway(issuer: StandInIssuer, guarded: Following, difference: int) -> None:
    """An issuer whose clock is behind or ahead is followed, and not taken for stale."""
    for _ in range(3):
        issuer.clock.advance(2)
        now = int(issuer.clock.now()) + difference + 30
        issuer.feed = {"iat": now - 30, "exp": now + 30, "as_of": now - 30}
        state = await guarded.poll()
    if difference < 0:  # older than what the start has seen
        issuer.clock.advance(30)
        issuer.feed = {"iat": now, "exp": now + 60, "as_of": now}
        state = await guarded.poll()
    assert (state.feed_fault, state.feed_is_stale) == ("", False)


async def test_a_route_of_a_local_guard_cannot_ask_for_a_fresh_feed(forge: Forge, aiohttp_client: object) -> None:
    """A guard that follows no feed fails there; nobody gets through."""
    app = application(guard_of(forge), [web.get("/", closed_when_stale(hello)), web.get("/open", hello)])
    client = await aiohttp_client(app)  # type: ignore[operator]  # pytest-aiohttp's
    assert await status(client, "/", headers=bearer(forge)) == 500
    assert await status(client, "/open", headers=bearer(forge)) == 200


def test_the_marks_contradict_each_other() -> None:
    """The program does not start."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    with pytest.raises(TypeError, match="cannot be open"):
        open_when_stale(closed_when_stale(handler))
    with pytest.raises(TypeError, match="cannot be public"):
        public(closed_when_stale(handler))
    open_when_stale(handler)
    with pytest.raises(TypeError, match="cannot be closed"):
        closed_when_stale(handler)


async def test_a_feed_of_many_sessions_is_read(issuer: StandInIssuer, guarded: Following) -> None:
    """20,000 of them, in a megabyte."""
    now = int(issuer.clock.now())
    issuer.feed["revoked"] = {
        base64url.encode(number.to_bytes(16, "big")): now - number // 200 for number in range(20_000)
    }
    issuer.clock.advance(2)
    state = await guarded.poll()
    assert (state.feed_fault, state.revoked_sessions) == ("", 20_000)
    assert await guarded.status(token(issuer)) == 401


async def test_keys_that_are_no_set_leave_the_feed_in_use(issuer: StandInIssuer, guarded: Following) -> None:
    """The two are followed apart: a fault of one does not touch the other."""

    async def empty(_: web.Request) -> web.Response:
        return document({"keys": []})

    issuer.instead[JWKS] = empty
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    issuer.clock.advance(2)
    await guarded.fetch()
    state = await guarded.poll()
    assert state.keys_fault
    assert state.revoked_sessions == 1
