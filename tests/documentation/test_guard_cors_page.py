"""The page on CORS, sockets, streams and middlewares: its programs run."""

import re
import textwrap
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp_cors
import pytest
from aiohttp import WSMsgType, hdrs, web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

import app.guard
from app.adapters.keys.rsa_key import generate_rsa_key
from app.service.application import create_application
from app.service.settings import Settings
from tests.http.forgery import Forge
from tests.http.guarded_app import bearer, claims, guard_of, guarded_app, hello
from tests.servers.ports import free_port

from .console import ROOT

PAGE = (ROOT / "docs/guard-cors-and-streams.md").read_text()
PROGRAMS = [textwrap.dedent(text) for text in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)]
ORIGIN = "https://shop.example"

Connect = Callable[..., Awaitable[TestClient[Any, Any]]]


@pytest.fixture(scope="module")
def forge() -> Forge:
    """Return a forge with a key of its own."""
    return Forge(generate_rsa_key(2048))


@web.middleware
async def _pass(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request)


def _run(program: str, forge: Forge) -> dict[str, Any]:
    """Run a program of the page, whose guard accepts the tokens of the forge."""
    names: dict[str, Any] = {name: getattr(app.guard, name) for name in app.guard.__all__}
    names |= {"web": web, "aiohttp_cors": aiohttp_cors, "orders": hello, "errors": _pass, "audit": _pass}
    names["remote_guard"] = lambda *, issuer, audience, **options: guard_of(forge, **options)
    exec(compile(program, "docs/guard-cors-and-streams.md", "exec"), names)  # noqa: S102  # the page's own text
    return names


async def test_first_lines_guard_and_answer_preflights(aiohttp_client: Connect, forge: Forge) -> None:
    """The first program needs a token, and answers a preflight request without one."""
    client = await aiohttp_client(_run(PROGRAMS[0], forge)["app"])
    assert (await client.get("/orders")).status == 401
    assert (await client.get("/orders", headers=bearer(forge))).status == 200
    headers = {hdrs.ORIGIN: ORIGIN, hdrs.ACCESS_CONTROL_REQUEST_METHOD: "GET"}
    assert (await client.options("/orders", headers=headers)).status == 200


async def test_sockets_of_the_page(aiohttp_client: Connect, forge: Forge) -> None:
    """Both sockets echo to a valid token; the one for pages takes it from the first message."""
    names: dict[str, Any] = {}
    for program in PROGRAMS[1:]:
        names |= _run(program, forge)
    routes = [web.get(f"/{name}", names[name]) for name in ("welcome", "echo", "echo_to_page")]
    client = await aiohttp_client(guarded_app(guard_of(forge), routes))
    assert await (await client.get("/welcome")).json() == {"hello": "stranger"}
    assert await (await client.get("/welcome", headers=bearer(forge))).json() == {"hello": "alice-subject"}
    async with client.ws_connect("/echo", headers=bearer(forge)) as socket:
        await socket.send_str("tea")
        assert await socket.receive_str() == "tea"
    for token, kind in ((forge.token(claims()), WSMsgType.TEXT), ("rubbish", WSMsgType.CLOSED)):
        async with client.ws_connect("/echo_to_page") as socket:
            await socket.send_str(token)
            await socket.send_str("tea")
            assert (await socket.receive()).type is kind


async def test_socket_closes_after_a_logout_at_a_real_service(aiohttp_client: Connect, forge: Forge) -> None:
    """The socket of the page follows a running Keyturn: it echoes, and closes within 5 seconds after the logout."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    service = await aiohttp_client(TestServer(create_application(_settings(issuer)), port=port))
    body = {"username": "alice", "password": "correct horse battery"}
    granted = await (await service.post("/auth/login", json=body)).json()
    echo = next(names["echo"] for names in (_run(each, forge) for each in PROGRAMS[1:]) if "echo" in names)
    protecting = app.guard.remote_guard(issuer=issuer, audience="orders")
    client = await aiohttp_client(guarded_app(protecting, [web.get("/echo", echo)]))
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    async with client.ws_connect("/echo", headers=headers) as socket:
        await socket.send_str("tea")
        assert await socket.receive_str() == "tea"
        answer = await service.post("/auth/logout", json={"refresh_token": granted["refresh_token"]})
        assert answer.status == 204
        message = await socket.receive(timeout=15)  # it takes 5 seconds, on a machine that is not busy
    assert (message.type, message.data) == (WSMsgType.CLOSE, 1008)


def _settings(issuer: str) -> Settings:
    variables = {
        "ISSUER": issuer,
        "AUDIENCE": "orders",
        "PASSWORD_HASH_MEMORY": "8192",
        "PASSWORD_HASH_ITERATIONS": "1",
        "BOOTSTRAP_USERNAME": "alice",
        "BOOTSTRAP_PASSWORD": "correct horse battery",
    }
    return Settings.from_environment({f"KEYTURN_{name}": value for name, value in variables.items()})


@pytest.mark.parametrize("name", re.findall(r"`(?:\w+\.)?(\w+)\((?:request|principal|\.\.\.)", PAGE))
def test_named_functions_exist(name: str) -> None:
    """Each function that the page names exists."""
    assert name in {*app.guard.__all__, *dir(app.guard.Guard)}
