"""The guard in somebody else's application: who gets through, and as whom."""

import time
from pathlib import Path

import pytest
from aiohttp import WSServerHandshakeError, web

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain.errors import ConfigurationError
from app.domain.identifiers import SessionId
from app.guard import PRINCIPAL, AccessTokenClaims, guard, public
from app.testing.builders import ISSUER

from .conftest import Start
from .foreign import AUDIENCE, Connect, application, bearer, claims, guard_of, hello, jwk_set, status
from .forgery import MISSING, Forge
from .log_lines import LogLines


async def test_every_route_needs_a_token(aiohttp_client: Connect, forge: Forge) -> None:
    """Whatever its method, a route that says nothing is closed to strangers and open to holders of a token."""
    app = application(guard_of(forge), [web.route("*", "/any", hello), web.post("/orders", hello)])
    client = await aiohttp_client(app)
    for method, path in (("GET", "/any"), ("OPTIONS", "/any"), ("PATCH", "/any"), ("POST", "/orders")):
        assert await status(client, path, method) == 401
        assert await status(client, path, method, headers=bearer(forge)) == 200


async def test_refusals_are_problems(aiohttp_client: Connect, forge: Forge) -> None:
    """As at the service itself: problem details with the challenge of RFC 6750."""
    client = await aiohttp_client(application(guard_of(forge), [web.get("/", hello)]))
    async with client.get("/", headers={"Authorization": "Bearer x"}) as response:
        assert response.content_type == "application/problem+json"
        assert (await response.json())["type"] == "urn:keyturn:problem:invalid-token"
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


async def test_handlers_get_a_typed_principal(aiohttp_client: Connect, forge: Forge) -> None:
    """``request[PRINCIPAL]`` is the token's claims."""
    seen: list[AccessTokenClaims] = []

    async def remember(request: web.Request) -> web.Response:
        seen.append(request[PRINCIPAL])
        return web.Response()

    client = await aiohttp_client(application(guard_of(forge), [web.get("/", remember)]))
    await status(client, "/", headers=bearer(forge))
    [principal] = seen
    assert (principal.subject, principal.client_id, str(principal.scope)) == (
        "alice-subject",
        "first-party",
        "orders:read",
    )
    assert (principal.session_id, principal.audience) == (SessionId(bytes(16)), (AUDIENCE,))


async def test_sub_applications_are_guarded(aiohttp_client: Connect, forge: Forge) -> None:
    """Their routes need a token as the others do, unless they are public themselves; nested ones too."""
    inner, outer = web.Application(), web.Application()
    inner.add_routes([web.get("/closed", hello), web.get("/open", public(_greet))])
    outer.add_subapp("/inner", inner)
    app = web.Application()
    guard_of(forge).protect(app)
    app.add_subapp("/outer", outer)
    client = await aiohttp_client(app)
    assert await status(client, "/outer/inner/closed") == 401
    assert await status(client, "/outer/inner/closed", headers=bearer(forge)) == 200
    assert await status(client, "/outer/inner/open") == 200
    assert await status(client, "/outer/inner/nothing") == 404


async def _greet(_: web.Request) -> web.Response:
    return web.Response()


async def test_static_files_are_guarded(aiohttp_client: Connect, forge: Forge, tmp_path: Path) -> None:
    """Files need a token unless their resource is public."""
    (tmp_path / "file.txt").write_text("content")
    app = application(guard_of(forge))
    app.router.add_static("/closed", tmp_path)
    public(app.router.add_static("/open", tmp_path))
    client = await aiohttp_client(app)
    assert await status(client, "/closed/file.txt") == 401
    assert await status(client, "/closed/file.txt", headers=bearer(forge)) == 200
    assert await status(client, "/open/file.txt") == 200


async def test_websockets_are_guarded(aiohttp_client: Connect, forge: Forge) -> None:
    """The handshake is refused before anything is upgraded; with a token the socket opens."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request[PRINCIPAL].subject)
        await socket.close()
        return socket

    client = await aiohttp_client(application(guard_of(forge), [web.get("/socket", echo)]))
    with pytest.raises(WSServerHandshakeError, match="401"):
        await client.ws_connect("/socket")
    async with client.ws_connect("/socket", headers=bearer(forge)) as socket:
        assert await socket.receive_str() == "alice-subject"


@pytest.mark.parametrize(
    ("method", "path", "expected"), [("GET", "/nothing", 404), ("POST", "/orders", 405), ("OPTIONS", "/orders", 405)]
)
async def test_what_is_no_route_is_not_guarded(
    aiohttp_client: Connect, forge: Forge, method: str, path: str, expected: int
) -> None:
    """Unknown paths and methods are answered as without a guard: there is nothing behind them."""
    client = await aiohttp_client(application(guard_of(forge), [web.get("/orders", hello)]))
    assert await status(client, path, method) == expected


async def test_the_log_of_the_start_lists_the_public_routes(
    aiohttp_client: Connect, forge: Forge, log: LogLines
) -> None:
    """An operator sees at one glance what is open, in sub-applications too."""
    sub = web.Application()
    sub.add_routes([web.post("/open", public(_greet)), web.post("/closed", hello)])
    app = application(guard_of(forge), [web.get("/closed", hello), web.get("/welcome", public(_greet))])
    app.add_subapp("/sub", sub)
    await aiohttp_client(app)
    [entry] = log.of("keyturn.guard")
    assert entry["routes"] == ["GET /welcome", "HEAD /welcome", "POST /sub/open"]


async def test_a_token_of_the_running_service_is_accepted(
    aiohttp_client: Connect, forge: Forge, start: Start, log: LogLines
) -> None:
    """A guard made from the service's own JWKS document lets the service's users in."""
    service = await start(audience=AUDIENCE)
    service.clock.time = time.time()
    tokens = await service.sign_in()
    keys = (await service.ask("GET", "/.well-known/jwks.json")).json()
    protecting = guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=keys)
    client = await aiohttp_client(application(protecting, [web.get("/", hello)]))
    assert await status(client, "/", headers={"Authorization": f"Bearer {tokens.access}"}) == 200
    assert await status(client, "/", headers={"Authorization": f"Bearer {tokens.refresh}"}) == 401


async def test_other_tokens_are_refused(aiohttp_client: Connect, forge: Forge) -> None:
    """Another key's, another issuer's, another audience's, an expired one, another type."""
    client = await aiohttp_client(application(guard_of(forge), [web.get("/", hello)]))
    stranger, past = Forge(generate_rsa_key(2048)), int(time.time()) - 1_000
    refused = [
        stranger.token(claims()),
        stranger.token(claims(), kid=forge.kid),
        forge.token(claims(iss="https://evil.example")),
        forge.token(claims(aud="keyturn")),
        forge.token(claims(iat=past, exp=past + 900)),
        forge.token(claims(), typ="JWT"),
        forge.token(claims(), kid=MISSING),
    ]
    for token in refused:
        assert await status(client, "/", headers={"Authorization": f"Bearer {token}"}) == 401


@pytest.mark.parametrize("leeway", [0, 60])
async def test_the_leeway_can_be_chosen(aiohttp_client: Connect, forge: Forge, leeway: int) -> None:
    """A token that expired 30 seconds ago is good only where clocks may differ by more."""
    client = await aiohttp_client(application(guard_of(forge, leeway=leeway), [web.get("/", hello)]))
    headers = bearer(forge, exp=int(time.time()) - 30, iat=int(time.time()) - 100)
    assert await status(client, "/", headers=headers) == (200 if leeway else 401)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [5]}, {"keys": [{"kty": "EC"}]}])
def test_a_jwk_set_without_a_usable_key_is_refused(keys: dict[str, object]) -> None:
    """A guard that could accept nothing says so when it is made."""
    with pytest.raises(ConfigurationError, match="JWK Set"):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=keys)


@pytest.mark.parametrize("members", [{"n": "AQAB"}, {"n": "!"}, {"n": ""}, {"kid": 5}, {"e": ""}])
def test_a_key_that_cannot_be_used_is_refused(forge: Forge, members: dict[str, str]) -> None:
    """Too small, unreadable or nameless keys stop the start, with the package's own error."""
    with pytest.raises(ConfigurationError):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge, **members))


def test_two_keys_with_one_kid_are_refused(forge: Forge) -> None:
    """Which of them counts would be a matter of luck."""
    [key] = jwk_set(forge)["keys"]
    with pytest.raises(ConfigurationError, match="one kid"):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set={"keys": [key, key]})
