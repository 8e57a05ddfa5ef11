"""The same application in each framework: ``/orders`` needs a token, ``POST /orders`` a scope, ``/welcome`` nothing.

``/forgotten`` is a route whose author did not think of the guard. Each framework is imported by its own application.
"""

# ruff: noqa: PLC0415
import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from app.guard import asgi
from tests.http.guarded_app import AUDIENCE

SECRET: Final = "the orders of "  # noqa: S105  # what nobody may read without a token
WRITE: Final = "orders:write"
_PUBLIC: Final = ("GET /welcome", "/open/*")


def aiohttp(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of aiohttp."""
    from aiohttp import web

    from app.guard import PRINCIPAL, InvalidToken, public, remote_guard, requires, while_valid

    async def orders(request: web.Request) -> web.Response:
        return web.Response(text=SECRET + request[PRINCIPAL].subject)

    async def forgotten(_: web.Request) -> web.Response:
        return web.Response(text=SECRET)

    @public
    async def welcome(_: web.Request) -> web.Response:
        return web.Response(text="welcome")

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            async with while_valid(request):
                await socket.receive()
        except InvalidToken:
            await socket.close(code=1008)
        return socket

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        async with while_valid(request):
            while True:
                await response.write(b"tick")
                await asyncio.sleep(0.1)

    app = web.Application()
    app.add_routes([web.get("/orders", orders), web.post("/orders", requires(WRITE)(orders)), web.get("/echo", echo)])
    app.router.add_get("/stream", stream)
    app.add_routes(
        [web.get("/forgotten", forgotten), web.get("/welcome", welcome), web.get("/open/{rest:.*}", welcome)]
    )
    remote_guard(issuer=issuer, audience=AUDIENCE, **settings).protect(app)
    return app


def starlette(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of Starlette. The guard is outside of the application."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    async def orders(request: Request) -> PlainTextResponse:
        if request.method == "POST":
            asgi.check_scope(request, WRITE)
        return PlainTextResponse(SECRET + asgi.principal(request).subject)

    async def forgotten(_: Request) -> PlainTextResponse:
        return PlainTextResponse(SECRET)

    async def welcome(_: Request) -> PlainTextResponse:
        return PlainTextResponse("welcome")

    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async with asgi.while_valid(socket):
            while True:
                await socket.receive()

    async def ticks(request: Request) -> AsyncIterator[str]:
        async with asgi.while_valid(request):
            while True:
                yield "tick"
                await asyncio.sleep(0.1)

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(ticks(request))

    routes = [
        Route("/orders", orders, methods=["GET", "POST"]),
        Route("/forgotten", forgotten),
        Route("/stream", stream),
        Route("/welcome", welcome),
        Route("/open/{rest:path}", welcome),
        WebSocketRoute("/echo", echo),
    ]
    return asgi.remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings)(Starlette(routes=routes))


def fastapi(issuer: str, settings: dict[str, Any]) -> Any:  # noqa: C901  # one function for each route
    """Return the application of FastAPI. The guard is one of its middlewares."""
    from typing import Annotated

    from fastapi import Depends, FastAPI, Request, WebSocket
    from fastapi.responses import PlainTextResponse, StreamingResponse

    from app.guard.fastapi import AccessTokenClaims, remote_guard, requires

    app = FastAPI()
    app.add_middleware(remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings))

    @app.get("/orders", response_class=PlainTextResponse)
    async def orders(principal: Annotated[AccessTokenClaims, Depends(requires())]) -> str:
        return SECRET + principal.subject

    @app.post("/orders", response_class=PlainTextResponse)
    async def order(principal: Annotated[AccessTokenClaims, Depends(requires(WRITE))]) -> str:
        return SECRET + principal.subject

    @app.get("/forgotten", response_class=PlainTextResponse)
    async def forgotten() -> str:
        return SECRET

    @app.get("/welcome", response_class=PlainTextResponse)
    async def welcome() -> str:
        return "welcome"

    @app.get("/open/{rest:path}", response_class=PlainTextResponse)
    async def opened(rest: str) -> str:
        return "welcome"

    @app.websocket("/echo")
    async def echo(socket: WebSocket, principal: Annotated[AccessTokenClaims, Depends(requires())]) -> None:
        await socket.accept()
        async with asgi.while_valid(socket):
            while True:
                await socket.receive()

    async def ticks(request: Request) -> AsyncIterator[str]:
        async with asgi.while_valid(request):
            while True:
                yield "tick"
                await asyncio.sleep(0.1)

    @app.get("/stream")
    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(ticks(request))

    @app.websocket("/write")
    async def write(socket: WebSocket, principal: Annotated[AccessTokenClaims, Depends(requires(WRITE))]) -> None:
        await socket.accept()

    return app


def litestar(issuer: str, settings: dict[str, Any]) -> Any:
    """Return the application of Litestar. The guard is outside of the application."""
    from litestar import Litestar, MediaType, Request, WebSocket, get, post, websocket
    from litestar.response import Stream

    @get("/orders", media_type=MediaType.TEXT)
    async def orders(request: Request[Any, Any, Any]) -> str:
        return SECRET + asgi.principal(request).subject

    @post("/orders", media_type=MediaType.TEXT, status_code=200)
    async def order(request: Request[Any, Any, Any]) -> str:
        asgi.check_scope(request, WRITE)
        return SECRET

    @get("/forgotten", media_type=MediaType.TEXT)
    async def forgotten() -> str:
        return SECRET

    @get(["/welcome", "/open/{rest:path}"], media_type=MediaType.TEXT)
    async def welcome() -> str:
        return "welcome"

    @websocket("/echo")
    async def echo(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        async with asgi.while_valid(socket):
            while True:
                await socket.receive_text()

    async def ticks(request: Request[Any, Any, Any]) -> AsyncIterator[str]:
        async with asgi.while_valid(request):
            while True:
                yield "tick"
                await asyncio.sleep(0.1)

    @get("/stream")
    async def stream(request: Request[Any, Any, Any]) -> Stream:
        return Stream(ticks(request))

    app = Litestar([orders, order, forgotten, welcome, echo, stream])
    return asgi.remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings)(app)  # type: ignore[arg-type]  # its own types of ASGI


def quart(issuer: str, settings: dict[str, Any]) -> Any:  # noqa: C901  # one function for each route
    """Return the application of Quart. The guard is outside of the application."""
    from quart import Quart, request, stream_with_context, websocket

    app = Quart("orders")

    @app.get("/orders")
    async def orders() -> str:
        return SECRET + asgi.principal(request).subject

    @app.post("/orders")
    async def order() -> str:
        asgi.check_scope(request, WRITE)
        return SECRET

    @app.get("/forgotten")
    async def forgotten() -> str:
        return SECRET

    @app.get("/welcome")
    async def welcome() -> str:
        return "welcome"

    @app.get("/open/<path:rest>")
    async def opened(rest: str) -> str:
        return "welcome"

    @app.websocket("/echo")
    async def echo() -> None:
        await websocket.accept()
        async with asgi.while_valid(websocket):
            while True:
                await websocket.receive()

    @app.get("/stream")
    async def stream() -> Any:
        @stream_with_context
        async def ticks() -> AsyncIterator[str]:
            async with asgi.while_valid(request):
                while True:
                    yield "tick"
                    await asyncio.sleep(0.1)

        return ticks()

    app.asgi_app = asgi.remote_guard(issuer=issuer, audience=AUDIENCE, public=_PUBLIC, **settings)(app.asgi_app)  # type: ignore[method-assign, assignment, arg-type]  # its own types of ASGI
    return app
