"""The remote guard: its keys come from the issuer, and no request waits for them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain.errors import ConfigurationError
from app.guard import public, remote_guard

from .foreign import AUDIENCE, hello
from .forgery import Forge
from .log_lines import LogLines
from .stand_in_issuer import FALLBACK, FEED, JWKS, METADATA, Following, StandInIssuer, document, token

OTHER = Forge(generate_rsa_key(2048))


@pytest.fixture
async def guarded(issuer: StandInIssuer) -> AsyncIterator[Following]:
    """Return an application that follows it."""
    async with Following(issuer, routes()) as guarded:
        yield guarded


def routes() -> list[web.AbstractRouteDef]:
    """Return a closed route and a public one."""

    @public
    async def welcome(_: web.Request) -> web.Response:
        return web.Response()

    return [web.get("/", hello), web.get("/welcome", welcome)]


async def test_keys_are_found_by_the_metadata(issuer: StandInIssuer, guarded: Following) -> None:
    """Metadata, then the JWK Set that it names, before the first request."""
    assert await guarded.status(token(issuer)) == 200
    assert issuer.fetches == {METADATA: 1, JWKS: 1, FEED: 1}


async def test_without_metadata_they_are_at_keyturns_own_place(issuer: StandInIssuer) -> None:
    """An issuer that answers 404 to the question for its metadata."""

    async def nothing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.instead[METADATA] = nothing
    async with Following(issuer, routes()) as guarded:
        assert await guarded.status(token(issuer)) == 200
    assert issuer.fetches == {METADATA: 1, FALLBACK: 1, FEED: 1}


async def test_no_request_asks_the_issuer(issuer: StandInIssuer, guarded: Following) -> None:
    """Whatever is presented, the issuer hears nothing of it; stopped, it is not missed."""
    before = dict(issuer.fetches)
    for _ in range(20):
        assert await guarded.status(token(issuer)) == 200
        assert await guarded.status("rubbish") == 401
    assert issuer.fetches == before
    await issuer.stop()
    state = await guarded.fetch()
    assert "does not answer" in state.keys_fault
    assert await guarded.status(token(issuer)) == 200
    assert await guarded.status(path="/welcome") == 200


async def test_a_flood_of_unknown_keys_makes_one_fetch(issuer: StandInIssuer, guarded: Following) -> None:
    """Each is refused at once, and all of them together make one fetch within 10 seconds."""
    for cooldown in range(1, 4):
        for number in range(30):
            assert await guarded.status(token(issuer, kid=f"kid-{cooldown}-{number}")) == 401
            issuer.clock.advance(0.01)
        await issuer.asked(JWKS, 1 + cooldown)
        issuer.clock.advance(10)
    assert issuer.fetches[JWKS] == 4
    assert await guarded.status(token(issuer)) == 200


async def test_one_fetch_at_a_time(issuer: StandInIssuer, guarded: Following) -> None:
    """While the issuer takes its time, no other fetch begins, however long the cooldown is over."""
    answered, begun = asyncio.Event(), 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal begun
        begun += 1
        await answered.wait()
        return document(issuer.jwk_set())

    issuer.instead[JWKS] = slow
    for number in range(3):
        assert await guarded.status(token(issuer, kid=f"kid-{number}")) == 401
        await issuer.asked(JWKS, 2)
        issuer.clock.advance(11)
    assert begun == 1
    answered.set()
    await issuer.asked(JWKS, 3)


async def test_a_new_key_is_known_before_it_signs(issuer: StandInIssuer, guarded: Following) -> None:
    """The feed names a key that is not here: it is fetched, and its first token is accepted."""
    issuer.forges.append(OTHER)
    issuer.clock.advance(2)
    await guarded.poll()
    await issuer.asked(JWKS, 2)
    async with asyncio.timeout(5):
        while OTHER.kid not in guarded.guard.state().kids:  # noqa: ASYNC110  # the guard does it on its own
            await asyncio.sleep(0.005)
    assert await guarded.status(token(issuer, OTHER)) == 200


@pytest.mark.parametrize(
    ("cache_control", "age", "seconds"),
    [
        ("public, max-age=600", "0", 480),
        ("max-age=600", "100", 400),
        ("MAX-AGE=100, public", "x", 80),
        ("max-age=0", "0", 0.8),
        ("max-age=999999999", "0", 2_880),
        ("no-store", "0", 240),
        ("max-age=-5", "0", 240),
    ],
)
async def test_keys_are_fetched_before_their_time_is_over(
    issuer: StandInIssuer, cache_control: str, age: str, seconds: float
) -> None:
    """At four fifths of what ``Cache-Control`` and ``Age`` leave; at least a second, at most an hour."""

    async def keys(_: web.Request) -> web.Response:
        answer = document(issuer.jwk_set())
        answer.headers.update({"Cache-Control": cache_control, "Age": age})
        return answer

    issuer.instead[JWKS] = keys
    async with Following(issuer, routes()) as guarded:
        assert guarded.guard._follower._keys.seconds_until_fetch() == pytest.approx(seconds)


async def test_a_key_that_is_gone_is_refused(issuer: StandInIssuer, guarded: Following) -> None:
    """After a fetch the old set is forgotten, and so are the tokens that its keys had verified."""
    old, issuer.forges, issuer.signer = token(issuer), [OTHER], OTHER
    assert await guarded.status(old) == 200
    issuer.clock.advance(500)
    await guarded.fetch()
    await guarded.poll()
    assert await guarded.status(old) == 401
    assert await guarded.status(token(issuer)) == 200


async def test_without_keys_no_token_is_judged(issuer: StandInIssuer, log: LogLines) -> None:
    """A guard that never had keys answers 503 to tokens, 401 to strangers, and opens what is public; it says so, and
    tries again.
    """
    held = issuer.instead[JWKS] = _unavailable
    async with Following(issuer, routes()) as guarded:
        async with guarded.client.get("/", headers={"Authorization": f"Bearer {token(issuer)}"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            assert (await response.json())["type"] == "urn:keyturn:problem:temporarily-unavailable"
        assert await guarded.status() == 401
        assert await guarded.status(path="/welcome") == 200
        assert guarded.guard.state().keys_age is None
        assert any("503" in line["message"] for line in log.of("keyturn.guard"))
        assert issuer.instead.pop(JWKS) is held
        await guarded.fetch()
        assert await guarded.status(token(issuer)) == 200
        assert any("good again" in line["message"] for line in log.of("keyturn.guard"))


async def _unavailable(_: web.Request) -> web.Response:
    raise web.HTTPServiceUnavailable


async def test_an_issuer_that_is_away_does_not_stop_the_start(issuer: StandInIssuer) -> None:
    """The application starts, and waits for nobody."""
    await issuer.stop()
    async with Following(issuer, routes()) as guarded:
        assert await guarded.status(token(issuer)) == 503
        assert guarded.guard.state().keys_fault


@pytest.mark.parametrize(
    "url", ["http://id.example", "ftp://id.example", "id.example", "https://", "https://id.example#x", "http://[::1"]
)
def test_an_issuer_that_can_be_changed_on_the_way_is_refused(url: str) -> None:
    """When the guard is made; http is for this machine, or a network that one trusts."""
    with pytest.raises(ConfigurationError, match="https"):
        remote_guard(issuer=url, audience=AUDIENCE)


def test_http_can_be_allowed() -> None:
    """And is, for loopback addresses."""
    for url in ("http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://id.example/tenant"):
        assert remote_guard(issuer=url, audience=AUDIENCE)
    assert remote_guard(issuer="http://id.internal", audience=AUDIENCE, allow_http=True)


async def test_one_guard_follows_for_one_application(issuer: StandInIssuer, guarded: Following) -> None:
    """A second application that is started with the same guard says so."""
    with pytest.raises(RuntimeError, match="one application"):
        async with guarded.guard.lifespan(web.Application()):
            pass
