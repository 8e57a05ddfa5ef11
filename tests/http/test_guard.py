"""The guard in an application of another service: which requests pass, and with which principal."""

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
from .forgery import MISSING, Forge
from .guarded_app import AUDIENCE, Connect, bearer, claims, guard_of, guarded_app, hello, jwk_set, status
from .log_lines import LogLines


async def test_every_route_needs_a_token(aiohttp_client: Connect, forge: Forge) -> None:
    """A route without a mark answers 401 without a token and 200 with one, whatever its method."""
    app = guarded_app(guard_of(forge), [web.route("*", "/any", hello), web.post("/orders", hello)])
    client = await aiohttp_client(app)
    for method, path in (("GET", "/any"), ("OPTIONS", "/any"), ("PATCH", "/any"), ("POST", "/orders")):
        assert await status(client, path, method) == 401
        assert await status(client, path, method, headers=bearer(forge)) == 200


async def test_refusals_are_problems(aiohttp_client: Connect, forge: Forge) -> None:
    """A refusal is a problem (RFC 9457) with the challenge of RFC 6750, as at the service itself."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", hello)]))
    async with client.get("/", headers={"Authorization": "Bearer x"}) as response:
        assert response.content_type == "application/problem+json"
        assert (await response.json())["type"] == "urn:keyturn:problem:invalid-token"
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


async def test_handler_gets_typed_principal(aiohttp_client: Connect, forge: Forge) -> None:
    """``request[PRINCIPAL]`` is the claims of the token."""
    seen: list[AccessTokenClaims] = []

    async def record(request: web.Request) -> web.Response:
        seen.append(request[PRINCIPAL])
        return web.Response()

    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", record)]))
    await status(client, "/", headers=bearer(forge))
    [principal] = seen
    assert (principal.subject, principal.client_id, principal.scope.text) == (
        "alice-subject",
        "first-party",
        "orders:read",
    )
    assert (principal.session_id, principal.audience) == (SessionId(bytes(16)), (AUDIENCE,))


async def test_sub_applications_are_guarded(aiohttp_client: Connect, forge: Forge) -> None:
    """Routes of nested sub-applications need a token, unless they are public."""
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
    """Static files need a token, unless their resource is public."""
    (tmp_path / "file.txt").write_text("content")
    app = guarded_app(guard_of(forge))
    app.router.add_static("/closed", tmp_path)
    public(app.router.add_static("/open", tmp_path))
    client = await aiohttp_client(app)
    assert await status(client, "/closed/file.txt") == 401
    assert await status(client, "/closed/file.txt", headers=bearer(forge)) == 200
    assert await status(client, "/open/file.txt") == 200


async def test_websockets_are_guarded(aiohttp_client: Connect, forge: Forge) -> None:
    """Without a token the handshake is refused; with a token the socket opens."""

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(request[PRINCIPAL].subject)
        await socket.close()
        return socket

    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/socket", echo)]))
    with pytest.raises(WSServerHandshakeError, match="401"):
        await client.ws_connect("/socket")
    async with client.ws_connect("/socket", headers=bearer(forge)) as socket:
        assert await socket.receive_str() == "alice-subject"


@pytest.mark.parametrize(
    ("method", "path", "expected"), [("GET", "/nothing", 404), ("POST", "/orders", 405), ("OPTIONS", "/orders", 405)]
)
async def test_unknown_paths_and_methods_are_not_guarded(
    aiohttp_client: Connect, forge: Forge, method: str, path: str, expected: int
) -> None:
    """An unknown path or method gets the same status as without a guard."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/orders", hello)]))
    assert await status(client, path, method) == expected


async def test_start_logs_public_routes(aiohttp_client: Connect, forge: Forge, log: LogLines) -> None:
    """The log lists every public route at the start, those of sub-applications too."""
    sub = web.Application()
    sub.add_routes([web.post("/open", public(_greet)), web.post("/closed", hello)])
    app = guarded_app(guard_of(forge), [web.get("/closed", hello), web.get("/welcome", public(_greet))])
    app.add_subapp("/sub", sub)
    await aiohttp_client(app)
    [entry] = log.of("keyturn.guard")
    assert entry["routes"] == ["GET /welcome", "HEAD /welcome", "POST /sub/open"]
    assert entry["message"] == "routes that need no access token: GET /welcome, HEAD /welcome, POST /sub/open"


async def test_token_of_running_service_is_accepted(
    aiohttp_client: Connect, forge: Forge, start: Start, log: LogLines
) -> None:
    """A guard with the JWK Set of the service accepts its access tokens and refuses its refresh tokens."""
    service = await start(audience=(AUDIENCE,))
    service.use_real_time()
    tokens = await service.sign_in()
    keys = (await service.ask("GET", "/.well-known/jwks.json")).json()
    local_guard = guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=keys)
    client = await aiohttp_client(guarded_app(local_guard, [web.get("/", hello)]))
    assert await status(client, "/", headers={"Authorization": f"Bearer {tokens.access}"}) == 200
    assert await status(client, "/", headers={"Authorization": f"Bearer {tokens.refresh}"}) == 401


async def test_invalid_tokens_are_refused(aiohttp_client: Connect, forge: Forge) -> None:
    """The guard refuses a wrong key, issuer, audience, type, ``kid`` and an expired token."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", hello)]))
    other, past = Forge(generate_rsa_key(2048)), int(time.time()) - 1_000
    refused = [
        other.token(claims()),
        other.token(claims(), kid=forge.kid),
        forge.token(claims(iss="https://evil.example")),
        forge.token(claims(aud="keyturn")),
        forge.token(claims(iat=past, exp=past + 900)),
        forge.token(claims(), typ="JWT"),
        forge.token(claims(), kid=MISSING),
    ]
    for token in refused:
        assert await status(client, "/", headers={"Authorization": f"Bearer {token}"}) == 401


async def test_audience_among_others_is_accepted(aiohttp_client: Connect, forge: Forge) -> None:
    """The guard accepts its audience alone and in an array (RFC 7519 §4.1.3), and nothing else."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", hello)]))
    accepted: list[object] = [AUDIENCE, [AUDIENCE], ["keyturn", AUDIENCE], [AUDIENCE, *map(str, range(500))]]
    text = f"{AUDIENCE} stock"
    refused: list[object] = [["keyturn", "stock"], [], "", text, [text], [AUDIENCE, 1], [[AUDIENCE]], {AUDIENCE: 1}]
    for aud in (*accepted, *refused):
        assert await status(client, "/", headers=bearer(forge, aud=aud)) == (200 if aud in accepted else 401), aud


@pytest.mark.parametrize("leeway", [0, 60])
async def test_leeway_can_be_chosen(aiohttp_client: Connect, forge: Forge, leeway: int) -> None:
    """A token that expired 30 seconds ago is valid only with a larger leeway."""
    client = await aiohttp_client(guarded_app(guard_of(forge, leeway=leeway), [web.get("/", hello)]))
    headers = bearer(forge, exp=int(time.time()) - 30, iat=int(time.time()) - 100)
    assert await status(client, "/", headers=headers) == (200 if leeway else 401)


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": "x"}, {"keys": [5]}, {"keys": [{"kty": "EC"}]}])
def test_jwk_set_without_usable_key_is_refused(keys: dict[str, object]) -> None:
    """Creating a guard with no usable key raises ``ConfigurationError``."""
    with pytest.raises(ConfigurationError, match="JWK Set"):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=keys)


@pytest.mark.parametrize("members", [{"n": "AQAB"}, {"n": "!"}, {"n": ""}, {"kid": 5}, {"e": ""}])
def test_unusable_key_is_refused(forge: Forge, members: dict[str, str]) -> None:
    """Creating a guard with a small, unreadable or nameless key raises ``ConfigurationError``."""
    with pytest.raises(ConfigurationError):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set=jwk_set(forge, **members))


def test_two_keys_with_one_kid_are_refused(forge: Forge) -> None:
    """A ``kid`` must name one key only."""
    [key] = jwk_set(forge)["keys"]
    with pytest.raises(ConfigurationError, match="one kid"):
        guard(issuer=ISSUER, audience=AUDIENCE, jwk_set={"keys": [key, key]})
