"""Refusals after the response has begun."""

import asyncio

import pytest
from aiohttp import web

from app.adapters.guards.aiohttp_marks import check_scope

from .forgery import Forge
from .guarded_app import Client, Connect, bearer, guard_of, guarded_app

FORMS = ["chunked", "length", "buffered", "old", "socket", "continued", "compressed"]


async def begin(request: web.Request) -> web.StreamResponse:
    """Begin a response of the form in the path, and then require a scope that the token does not have."""
    form, response = request.match_info["form"], web.StreamResponse()
    if form == "socket":
        response = web.WebSocketResponse()
    elif form == "buffered":
        response = web.Response(text="complete, but not sent yet")
    elif form == "length":
        response.content_length = 100
    elif form == "compressed":
        response.enable_compression()
    await response.prepare(request)
    if form not in ("socket", "buffered"):
        await response.write(b"begun")
    if isinstance(response, web.WebSocketResponse):
        await response.send_str("begun")
    check_scope(request, "orders:write")
    return response


async def exchange(client: Client, forge: Forge, form: str) -> bytes:
    """Send a request and, if it lets the connection open, a second one. Return all bytes until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    extra = {
        "socket": "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        "continued": "Expect: 100-continue\r\n",
        "compressed": "Accept-Encoding: gzip\r\n",
    }.get(form, "")
    [token] = bearer(forge).values()
    version = "1.0" if form == "old" else "1.1"
    head = f"GET /{form} HTTP/{version}\r\nHost: x\r\nAuthorization: {token}\r\n{extra}\r\n"
    writer.write(head.encode() * (1 if form in ("socket", "old") else 2))
    async with asyncio.timeout(10):
        received = await reader.read()
    writer.close()
    return received


@pytest.mark.parametrize("form", FORMS)
async def test_connection_is_closed(aiohttp_client: Connect, forge: Forge, form: str) -> None:
    """A response that has begun is cut: its last chunk never comes, and no second status line stands in its body."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/{form}", begin)]))
    received = (await exchange(client, forge, form)).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    assert received.count(b"HTTP/1.") == (0 if form == "buffered" else 1)
    assert b"insufficient" not in received
    assert not received.endswith(b"0\r\n\r\n")


async def test_refusal_before_the_response_is_a_response(aiohttp_client: Connect, forge: Forge) -> None:
    """After ``100 Continue`` alone, a refusal by the handler is an ordinary 403, and the connection stays."""

    async def check(request: web.Request) -> web.Response:
        check_scope(request, "orders:write")
        return web.Response()

    client = await aiohttp_client(guarded_app(guard_of(forge), [web.post("/", check)]))
    for _ in range(2):
        async with client.post("/", data=b"x", expect100=True, headers=bearer(forge)) as response:
            assert response.status == 403
            assert response.headers.get("Connection") != "close"
