"""The testing kit: what its tokens get from guards that it makes."""

import asyncio
import socket
import subprocess
import sys
from typing import Any

import pytest
from aiohttp import web

from app.domain.tokens.errors import ExpiredToken, MalformedToken, SessionRevoked, UnknownSigner, WrongAudience
from app.guard import PRINCIPAL, asgi, closed_when_stale
from app.testing import TestIssuer
from tests.guards.drivers import ROOT

_FRAMEWORKS = {"aiohttp.web", "django", "fastapi", "flask", "grpc", "httpx", "mcp", "starlette"}


def test_a_token_has_the_claims_that_the_test_wants() -> None:
    """The guard reads them as those of any token."""
    issuer = TestIssuer()
    token = issuer.token(sub="alice", scope="orders:read orders:write", client_id="shop", aud=["tests", "other"])
    claims = issuer.checks().validation.validate(token)
    assert (claims.subject, claims.client_id, claims.audience) == ("alice", "shop", ("tests", "other"))
    assert claims.scope.text == "orders:read orders:write"
    of_client = issuer.token(sub="batch", client_id="batch", without=("sid", "auth_time"))
    assert issuer.checks().validation.validate(of_client).session_id is None


def test_tokens_that_guards_refuse() -> None:
    """Expired and revoked tokens, and those with wrong claims, get the refusal of the true guard."""
    issuer = TestIssuer()
    validate = issuer.checks().validation.validate
    for token, refusal in (
        (issuer.expired_token(), ExpiredToken),
        (issuer.token(expires_in=-60, iat=1), MalformedToken),
        (issuer.revoked_token(), SessionRevoked),
        (issuer.token(aud="other"), WrongAudience),
        (issuer.token(without=["jti"]), MalformedToken),
        (issuer.sign({}, jku="https://evil.example"), MalformedToken),
        (issuer.sign({"sub": "alice"}, kid="unknown"), UnknownSigner),
    ):
        with pytest.raises(refusal):
            validate(token)
    assert validate(issuer.token()).subject == "alice"


def test_a_revocation_ends_one_session_in_every_guard() -> None:
    """Guards that were made before and after know it, and other sessions go on."""
    issuer = TestIssuer()
    before, token, other = issuer.checks(), issuer.token(), issuer.token()
    issuer.revoke(token)
    for checks in (before, issuer.checks("tests")):
        with pytest.raises(SessionRevoked):
            checks.validation.validate(token)
        assert checks.validation.validate(other).subject == "alice"
    with pytest.raises(ValueError, match="no sid"):
        issuer.revoke(issuer.token(without=("sid", "auth_time")))


async def test_a_revocation_ends_an_open_request() -> None:
    """What waits inside ``while_valid`` is cancelled at once."""
    issuer = TestIssuer()
    checks, token = issuer.checks(), issuer.token()

    async def wait() -> None:
        async with checks.open_requests.while_valid(token, checks.validation.validate(token)):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    issuer.revoke(token)
    with pytest.raises(SessionRevoked):
        await asyncio.wait_for(task, 10)


async def test_a_stale_feed_closes_what_is_marked(keyturn_aiohttp_client: Any) -> None:
    """The mark of a route, and the guard's own option, answer 503 while the test says that the issuer is away."""
    issuer = TestIssuer()

    async def hello(request: web.Request) -> web.Response:
        return web.Response(text=request[PRINCIPAL].subject)

    def application(**options: Any) -> web.Application:
        app = web.Application()
        app.add_routes([web.get("/", hello), web.get("/marked", closed_when_stale(hello))])
        issuer.guard(**options).protect(app)
        return app

    token = issuer.token()
    async with keyturn_aiohttp_client(application(), token=token) as client:
        assert [(await client.get(path)).status for path in ("/", "/marked")] == [200, 200]
        issuer.feed_is_stale = True
        assert [(await client.get(path)).status for path in ("/", "/marked")] == [200, 503]
    async with keyturn_aiohttp_client(application(closed_when_stale=True), token=token) as client:
        assert (await client.get("/")).status == 503
    async with keyturn_aiohttp_client(application()) as stranger:
        assert (await stranger.get("/")).status == 401


async def test_no_guard_makes_a_network_call(monkeypatch: pytest.MonkeyPatch, keyturn_asgi_client: Any) -> None:
    """A guarded application answers although no socket can be made."""
    issuer = TestIssuer()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": asgi.principal(scope).subject.encode()})

    guarded = issuer.asgi_guard(public=["/open"])(application)

    def fail(*_: Any) -> None:
        raise AssertionError("a network call")

    monkeypatch.setattr(socket.socket, "connect", fail)
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    async with keyturn_asgi_client(guarded, token=issuer.token(sub="bob")) as client:
        assert (await client.get("/")).text == "bob"
    async with keyturn_asgi_client(guarded, token=issuer.token(sub="bob", iss="https://other.test")) as client:
        assert (await client.get("/")).status_code == 401


@pytest.mark.parametrize("module", ["app.testing", "app.testing.plugin", "app.testing.issuer", "app.testing.world"])
def test_an_import_needs_no_framework(module: str) -> None:
    """The kit imports each framework when it is used, and the fakes import no adapter."""
    program = f"import sys, {module}; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)
    loaded = set(printed.stdout.split())
    assert not loaded & _FRAMEWORKS
    assert module == "app.testing.issuer" or not {each for each in loaded if each.startswith("app.adapters")}


@pytest.mark.parametrize("kind", ["guard", "asgi_guard", "wsgi_guard", "grpc_guard"])
def test_the_log_names_a_wrong_audience(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Each guard says which audience a token has and which one it accepts, as those of production do."""
    issuer = TestIssuer(audience="orders")
    made = getattr(issuer, kind)()
    core = made._core if kind == "guard" else made.core
    with pytest.raises(WrongAudience):
        core.validate(issuer.token(aud="other"))
    assert "a token for 'other' is refused, this guard accepts 'orders'" in caplog.text


async def test_the_log_of_a_server_of_mcp_names_a_wrong_audience(caplog: pytest.LogCaptureFixture) -> None:
    """The audience is that of the issuer, also where the resource has another URL."""
    issuer = TestIssuer(audience="orders")
    assert await issuer.mcp_guard("https://orders.example/mcp").verify_token(issuer.token(aud="other")) is None
    assert "this guard accepts 'orders'" in caplog.text
