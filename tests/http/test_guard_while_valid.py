"""Sockets and streams that outlive their session: ``while_valid`` and ``is_valid`` for aiohttp."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from app.guard import PRINCIPAL, InvalidToken, SessionRevoked, accept_token, optional_principal, public, while_valid

from .fake_issuer import SID, FakeIssuer, FollowingApp, token
from .forgery import Forge
from .guarded_app import Connect, bearer, guard_of, guarded_app, status

_TIMEOUT_SECONDS = 10


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Echo while the token is valid, and then close with the code 1008."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    try:
        async with while_valid(request):
            async for message in socket:
                await socket.send_str(message.data)
    except SessionRevoked:
        await socket.close(code=aiohttp.WSCloseCode.POLICY_VIOLATION, message=b"signed out")
    return socket


async def stream(request: web.Request) -> web.StreamResponse:
    """Stream while the token is valid. The error passes."""
    response = web.StreamResponse()
    async with while_valid(request):
        if "begin" in request.query:
            await response.prepare(request)
            await response.write(b"begun")
        await asyncio.Event().wait()
    return response


async def maybe(request: web.Request) -> web.StreamResponse:
    """Stream to whoever asks."""
    optional_principal(request)
    return await stream(request)


async def first_message(request: web.Request) -> web.WebSocketResponse:
    """Take the token from the first message, as a page must, and echo while it is valid."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    accept_token(request, await socket.receive_str())
    async with while_valid(request):
        async for message in socket:
            await socket.send_str(message.data + request[PRINCIPAL].subject)
    return socket


@pytest.fixture
async def app(issuer: FakeIssuer) -> AsyncIterator[FollowingApp]:
    """Return an application that follows the issuer."""
    routes: list[web.AbstractRouteDef] = [
        web.get("/echo", echo),
        web.get("/stream", stream),
        web.get("/maybe", public(maybe)),
        web.get("/first", public(first_message)),
    ]
    async with FollowingApp(issuer, routes) as following:
        yield following


def _headers(issuer: FakeIssuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(issuer)}"}


async def _revoke(app: FollowingApp, issuer: FakeIssuer) -> None:
    issuer.clock.advance(1)
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    await app.poll()


async def test_socket_closes_when_its_session_ends(app: FollowingApp, issuer: FakeIssuer) -> None:
    """A socket echoes until the feed says that its session was revoked. It then closes with the code of its handler."""
    async with asyncio.timeout(_TIMEOUT_SECONDS), app.client.ws_connect("/echo", headers=_headers(issuer)) as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"
        await _revoke(app, issuer)
        message = await socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.POLICY_VIOLATION)


async def test_socket_takes_the_token_from_a_message(app: FollowingApp, issuer: FakeIssuer) -> None:
    """A socket on a public route accepts a token in its first message. It is cut when the session ends, and at once if
    the token is invalid.
    """
    async with asyncio.timeout(_TIMEOUT_SECONDS), app.client.ws_connect("/first") as socket:
        await socket.send_str(token(issuer))
        await socket.send_str("hello ")
        assert await socket.receive_str() == "hello alice-subject"
        await _revoke(app, issuer)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSED
    async with asyncio.timeout(_TIMEOUT_SECONDS), app.client.ws_connect("/first") as socket:
        await socket.send_str(token(issuer))
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSED


@pytest.mark.parametrize("path", ["/stream?begin", "/maybe?begin"])
async def test_stream_is_cut_when_its_session_ends(app: FollowingApp, issuer: FakeIssuer, path: str) -> None:
    """A stream that has begun is cut, so that the client knows that it is not complete."""
    async with asyncio.timeout(_TIMEOUT_SECONDS), app.client.get(path, headers=_headers(issuer)) as response:
        assert await response.content.readany() == b"begun"
        await _revoke(app, issuer)
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.content.read()


@pytest.mark.parametrize("path", ["/stream", "/maybe"])
async def test_waiting_request_gets_401(app: FollowingApp, issuer: FakeIssuer, path: str) -> None:
    """A request that waits without a response gets an ordinary 401 when its session ends."""
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        request = asyncio.create_task(app.client.get(path, headers=_headers(issuer)))
        while not app.guard._watched:  # noqa: ASYNC110  # the guard has not seen it yet
            await asyncio.sleep(0)
        await _revoke(app, issuer)
        response = await request
    assert response.status == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


async def test_error_of_the_handler_is_no_refusal(aiohttp_client: Connect, forge: Forge) -> None:
    """An ``InvalidToken`` that ``while_valid`` did not raise is a bug of the handler, as before."""

    async def fail(_: web.Request) -> web.Response:
        raise InvalidToken

    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", fail)]))
    assert await status(client, "/", headers=bearer(forge)) == 500


async def test_stranger_has_nothing_to_watch(app: FollowingApp) -> None:
    """On a public route, ``while_valid`` without a principal is a bug, and serves nobody."""
    assert await app.status(path="/maybe") == 500


async def test_guard_says_whether_a_principal_is_valid(issuer: FakeIssuer) -> None:
    """``is_valid`` is true until the session is revoked."""
    seen = []

    async def remember(request: web.Request) -> web.Response:
        seen.append(request[PRINCIPAL])
        return web.Response()

    async with FollowingApp(issuer, [web.get("/", remember)]) as app:
        assert await app.status(token(issuer)) == 200
        assert app.guard.is_valid(seen[0])
        await _revoke(app, issuer)
        assert not app.guard.is_valid(seen[0])
