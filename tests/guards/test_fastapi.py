"""The guard for FastAPI: the principal as a dependency, and the OpenAPI document."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse

from app.adapters.keys.rsa_key import generate_rsa_key
from app.guard.fastapi import AccessTokenClaims, AsgiGuard, fresh, requires
from tests.http.forgery import Forge

from .asgi_conversation import authorization, converse, guard_of, scope

CONNECT: dict[str, Any] = {"type": "websocket.connect"}


@pytest.fixture(scope="module")
def forge() -> Forge:
    """Return the signer of all tokens here."""
    return Forge(generate_rsa_key(2048))


def application(*guards: AsgiGuard) -> FastAPI:
    """Return an application with a route for each way to ask."""
    app = FastAPI()
    for each in guards:
        app.add_middleware(each)

    @app.get("/orders")
    async def orders(principal: Annotated[AccessTokenClaims, Depends(requires("orders:read"))]) -> str:
        return principal.subject

    @app.get("/write", dependencies=[Depends(requires("orders:read", "orders:write"))])
    def write() -> str:
        return "written"

    @app.get("/any")
    async def anybody(principal: Annotated[AccessTokenClaims, Depends(requires())]) -> str:
        return principal.client_id

    @app.get("/fresh", dependencies=[Depends(fresh)])
    async def freshly() -> str:
        return "fresh"

    @app.get("/forgotten")
    async def forgotten() -> str:
        return "forgotten"

    @app.websocket("/write")
    async def socket(socket: WebSocket, _: Annotated[AccessTokenClaims, Depends(requires("orders:write"))]) -> None:
        await socket.accept()

    return app


async def ask(app: Any, path: str, *headers: tuple[bytes, bytes]) -> tuple[int, bytes, str]:
    """Return the status, the body and the challenge of a response."""
    of = scope("http", path, *headers, query_string=b"", server=("x", 80), scheme="http", http_version="1.1")
    start, *rest = await converse(app, of, [{"type": "http.request", "body": b"", "more_body": False}] * 3)
    body = b"".join(each.get("body", b"") for each in rest)
    return start["status"], body, dict(start["headers"]).get(b"www-authenticate", b"").decode()


async def test_the_principal_is_a_dependency(forge: Forge) -> None:
    """A handler gets the typed principal, whether the guard is a middleware or around the application."""
    good = authorization(forge)
    for app in (application(guard_of(forge)), guard_of(forge)(application())):
        assert await ask(app, "/orders", good) == (200, b'"alice-subject"', "")
        assert await ask(app, "/any", good) == (200, b'"first-party"', "")
        assert (await ask(app, "/orders"))[::2] == (401, "Bearer")


@pytest.mark.parametrize("path", ["/forgotten", "/openapi.json", "/docs", "/nothing"])
async def test_every_route_needs_a_token(forge: Forge, path: str) -> None:
    """A route whose author forgot the guard is guarded, and so are the pages that FastAPI adds, and unknown paths."""
    app = application(guard_of(forge))
    assert (await ask(app, path))[::2] == (401, "Bearer")
    assert (await ask(app, path, authorization(forge)))[0] in (200, 404)
    public = application(guard_of(forge, public=[path]))
    assert (await ask(public, path))[0] in (200, 404)


async def test_a_missing_scope_is_the_guards_403(forge: Forge) -> None:
    """The answer is the same problem as that of the guard for aiohttp, and it names the scope."""
    for app in (application(guard_of(forge)), guard_of(forge)(application())):
        status, body, challenge = await ask(app, "/write", authorization(forge))
        assert (status, b"urn:keyturn:problem:insufficient-scope" in body) == (403, True)
        assert 'scope="orders:write"' in challenge


async def test_handlers_of_errors_do_not_change_a_refusal(forge: Forge) -> None:
    """An application that renders errors in its own way does not hide a refusal."""
    app = application(guard_of(forge))

    @app.exception_handler(HTTPException)
    async def render(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, status_code=error.status_code)

    assert (await ask(app, "/write", authorization(forge)))[2].startswith('Bearer error="insufficient_scope"')


async def test_a_dependency_without_the_guard_serves_nobody(forge: Forge) -> None:
    """Without the guard, or on a public path, the handler fails. It never serves a request without the check."""
    for app in (application(), application(guard_of(forge, public=["/orders"]))):
        with pytest.raises(RuntimeError, match="no guard protects"):
            await ask(app, "/orders", authorization(forge))


async def test_a_fresh_feed_needs_a_guard_that_follows_one(forge: Forge) -> None:
    """Under a guard with fixed keys, the handler fails."""
    with pytest.raises(RuntimeError, match="follows none"):
        await ask(application(guard_of(forge)), "/fresh", authorization(forge))


async def test_a_socket_without_the_scope_gets_a_403(forge: Forge) -> None:
    """It is refused before the accept, with the answer of the guard where the server can send one."""
    good = authorization(forge)
    of = scope("websocket", "/write", good, query_string=b"", scheme="ws", extensions={"websocket.http.response": {}})
    first, *_ = await converse(application(guard_of(forge)), of, [CONNECT])
    assert (first["type"], first["status"]) == ("websocket.http.response.start", 403)
    of = scope("websocket", "/write", good, query_string=b"", scheme="ws")
    first, *_ = await converse(application(guard_of(forge)), of, [CONNECT])
    assert (first["type"], first["code"]) == ("websocket.close", 1008)


def test_the_document_has_the_scheme_and_the_scopes() -> None:
    """OpenAPI names the scheme, and the scopes of each operation. A route without ``requires`` has none."""
    document = application().openapi()
    assert document["components"]["securitySchemes"]["keyturn"]["scheme"] == "bearer"
    assert document["components"]["securitySchemes"]["keyturn"]["bearerFormat"] == "JWT"
    security = {path: each["get"].get("security") for path, each in document["paths"].items()}
    assert security == {
        "/orders": [{"keyturn": ["orders:read"]}],
        "/write": [{"keyturn": ["orders:read", "orders:write"]}],
        "/any": [{"keyturn": []}],
        "/fresh": None,
        "/forgotten": None,
    }


@pytest.mark.parametrize("scopes", [("orders:read orders:write",), ("",), (5,), (["orders:read"],)])
def test_a_scope_is_one_word(scopes: tuple[Any, ...]) -> None:
    """Two scopes in one text would be a scope that no token has."""
    with pytest.raises(TypeError, match="each scope as a string of its own"):
        requires(*scopes)
