"""The remote guard: its keys come from the issuer, and no request waits for them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain.errors import ConfigurationError
from app.guard import public, remote_guard

from .fake_issuer import FALLBACK, FEED, JWKS, METADATA, FakeIssuer, FollowingApp, document, token
from .forgery import Forge
from .guarded_app import AUDIENCE, hello
from .log_lines import LogLines

OTHER = Forge(generate_rsa_key(2048))


@pytest.fixture
async def guarded(issuer: FakeIssuer) -> AsyncIterator[FollowingApp]:
    """Return an application that follows the issuer."""
    async with FollowingApp(issuer, routes()) as guarded:
        yield guarded


def routes() -> list[web.AbstractRouteDef]:
    """Return a route that needs a token and a public one."""

    @public
    async def welcome(_: web.Request) -> web.Response:
        return web.Response()

    return [web.get("/", hello), web.get("/welcome", welcome)]


async def test_metadata_names_jwk_set(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """The guard fetches the metadata, then the JWK Set that it names, before the first request."""
    assert await guarded.status(token(issuer)) == 200
    assert issuer.fetches == {METADATA: 1, JWKS: 1, FEED: 1}


async def test_jwk_set_without_metadata(issuer: FakeIssuer) -> None:
    """If the metadata is 404, the guard fetches the JWK Set at the path of Keyturn."""

    async def not_found(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    issuer.overrides[METADATA] = not_found
    async with FollowingApp(issuer, routes()) as guarded:
        assert await guarded.status(token(issuer)) == 200
    assert issuer.fetches == {METADATA: 1, FALLBACK: 1, FEED: 1}


async def test_requests_cause_no_fetch(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Requests with valid and invalid tokens cause no fetch, and the guard works while the issuer is stopped."""
    before = dict(issuer.fetches)
    for _ in range(20):
        assert await guarded.status(token(issuer)) == 200
        assert await guarded.status("rubbish") == 401
    assert issuer.fetches == before
    await issuer.stop()
    state = await guarded.fetch()
    assert "cannot be fetched. Connection refused: does Keyturn run there?" in state.keys_fault
    assert await guarded.status(token(issuer)) == 200
    assert await guarded.status(path="/welcome") == 200


async def test_many_unknown_keys_cause_one_fetch(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Tokens with unknown keys are refused at once, and cause one fetch in 10 seconds."""
    for cooldown in range(1, 4):
        for number in range(30):
            assert await guarded.status(token(issuer, kid=f"kid-{cooldown}-{number}")) == 401
            issuer.clock.advance(0.01)
        await issuer.wait_for_fetches(JWKS, 1 + cooldown)
        issuer.clock.advance(10)
    assert issuer.fetches[JWKS] == 4
    assert await guarded.status(token(issuer)) == 200


async def test_one_fetch_at_a_time(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """While one fetch is running, no other begins, even after the cooldown."""
    released, begun = asyncio.Event(), 0

    async def slow(_: web.Request) -> web.Response:
        nonlocal begun
        begun += 1
        await released.wait()
        return document(issuer.jwk_set())

    issuer.overrides[JWKS] = slow
    for number in range(3):
        assert await guarded.status(token(issuer, kid=f"kid-{number}")) == 401
        await issuer.wait_for_fetches(JWKS, 2)
        issuer.clock.advance(11)
    assert begun == 1
    released.set()
    await issuer.wait_for_fetches(JWKS, 3)


async def test_new_key_is_fetched_when_feed_names_it(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """The feed names an unknown key: the guard fetches it, and accepts its first token."""
    issuer.forges.append(OTHER)
    issuer.clock.advance(2)
    await guarded.poll()
    await issuer.wait_for_fetches(JWKS, 2)
    async with asyncio.timeout(5):
        while OTHER.kid not in guarded.guard.state().kids:  # noqa: ASYNC110  # the guard fetches in the background
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
async def test_keys_are_fetched_before_they_expire(
    issuer: FakeIssuer, cache_control: str, age: str, seconds: float
) -> None:
    """The next fetch is after four fifths of ``Cache-Control`` minus ``Age``: at least 1 second, at most 1 hour."""

    async def keys(_: web.Request) -> web.Response:
        answer = document(issuer.jwk_set())
        answer.headers.update({"Cache-Control": cache_control, "Age": age})
        return answer

    issuer.overrides[JWKS] = keys
    async with FollowingApp(issuer, routes()) as guarded:
        assert guarded.guard._follower._keys.seconds_until_fetch() == pytest.approx(seconds)


async def test_removed_key_is_refused(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """After a fetch, tokens of a removed key are refused, cached ones too."""
    old, issuer.forges, issuer.signer = token(issuer), [OTHER], OTHER
    assert await guarded.status(old) == 200
    issuer.clock.advance(500)
    await guarded.fetch()
    await guarded.poll()
    assert await guarded.status(old) == 401
    assert await guarded.status(token(issuer)) == 200


async def test_guard_without_keys_answers_503(issuer: FakeIssuer, log: LogLines) -> None:
    """Without keys, a token gets 503 and no token gets 401; public routes work. The log reports the fault, and the
    guard recovers.
    """
    unavailable = issuer.overrides[JWKS] = _unavailable
    async with FollowingApp(issuer, routes()) as guarded:
        async with guarded.client.get("/", headers={"Authorization": f"Bearer {token(issuer)}"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            assert (await response.json())["type"] == "urn:keyturn:problem:temporarily-unavailable"
        assert await guarded.status() == 401
        assert await guarded.status(path="/welcome") == 200
        assert guarded.guard.state().keys_age is None
        assert any("503" in line["message"] for line in log.of("keyturn.guard"))
        assert issuer.overrides.pop(JWKS) is unavailable
        await guarded.fetch()
        assert await guarded.status(token(issuer)) == 200
        assert any("good again" in line["message"] for line in log.of("keyturn.guard"))


async def _unavailable(_: web.Request) -> web.Response:
    raise web.HTTPServiceUnavailable


async def test_application_starts_without_issuer(issuer: FakeIssuer, log: LogLines) -> None:
    """The application starts while the issuer is stopped. The log does not speak of a long time."""
    await issuer.stop()
    async with FollowingApp(issuer, routes()) as guarded:
        assert await guarded.status(token(issuer)) == 503
        assert guarded.guard.state().keys_fault
    assert [line for line in log.of("keyturn.guard") if "nothing good has come yet" in line["message"]]


async def test_the_fault_says_that_no_tls_is_there(issuer: FakeIssuer) -> None:
    """A guard with https, whose issuer has http, names that."""
    follower = remote_guard(issuer=issuer.url.replace("http:", "https:"), audience=AUDIENCE)._follower
    async with follower.running():
        fault = follower.state().keys_fault
    assert fault.endswith(" cannot be fetched. The TLS handshake failed: is it https that listens there?")


def test_an_issuer_without_its_scheme() -> None:
    """The error says that the scheme is missing, and which URL may be meant."""
    with pytest.raises(ConfigurationError, match=r"scheme .* is missing.*\(did you mean http://127.0.0.1:8080\?\)"):
        remote_guard(issuer="127.0.0.1:8080", audience=AUDIENCE)


@pytest.mark.parametrize(
    "url", ["http://id.example", "ftp://id.example", "id.example", "https://", "https://id.example#x", "http://[::1"]
)
def test_issuer_must_use_https(url: str) -> None:
    """Creating a guard with another URL than https raises ``ConfigurationError``."""
    with pytest.raises(ConfigurationError, match="https"):
        remote_guard(issuer=url, audience=AUDIENCE)


def test_http_can_be_allowed() -> None:
    """Http is allowed for loopback addresses, and elsewhere with ``allow_http``."""
    for url in ("http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080", "https://id.example/tenant"):
        assert remote_guard(issuer=url, audience=AUDIENCE)
    assert remote_guard(issuer="http://id.internal", audience=AUDIENCE, allow_http=True)


async def test_guard_serves_one_application(issuer: FakeIssuer, guarded: FollowingApp) -> None:
    """Starting a second application with the same guard raises ``RuntimeError``."""
    with pytest.raises(RuntimeError, match="one application"):
        async with guarded.guard.lifespan(web.Application()):
            pass
