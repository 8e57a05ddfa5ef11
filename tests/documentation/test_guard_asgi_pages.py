"""The pages on the guards for FastAPI and ASGI: their programs run."""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from types import ModuleType
from typing import Any, Final

import pytest
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

import app.guard.asgi
import app.guard.fastapi
from app.adapters.keys.rsa_key import generate_rsa_key
from app.testing.system import FakeClock
from tests.guards.asgi_conversation import ISSUER, authorization, converse, guard_of, scope
from tests.http.fake_issuer import SID, FakeIssuer
from tests.http.forgery import Forge
from tests.http.guarded_app import claims, jwk_set

from .console import ROOT

FASTAPI, ASGI = ((ROOT / f"docs/guard-{name}.md").read_text() for name in ("fastapi", "asgi"))
_PROGRAM: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ISSUER_OF_THE_PAGE: Final = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def forge() -> Forge:
    """Return the signer of all tokens here."""
    return Forge(generate_rsa_key(2048))


@pytest.fixture
async def issuer(forge: Forge) -> AsyncIterator[FakeIssuer]:
    """Return a running issuer."""
    async with FakeIssuer(forge, FakeClock(float(int(time.time())))) as issuer:
        yield issuer


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the programs import ``keyturn``, which is the name of ``app`` where it is installed."""
    monkeypatch.setitem(sys.modules, "keyturn", ModuleType("keyturn"))
    for name in ("guard", "guard.asgi", "guard.fastapi"):
        monkeypatch.setitem(sys.modules, f"keyturn.{name}", sys.modules[f"app.{name}"])


def run(page: str, number: int, **names: Any) -> dict[str, Any]:
    """Run a program of a page with these names, and return all names."""
    found: dict[str, Any] = {"__name__": "orders", **names}
    exec(compile(_PROGRAM.findall(page)[number], "page", "exec"), found)  # noqa: S102  # the page's own text
    return found


async def ask(served: Any, path: str, *headers: tuple[bytes, bytes], method: str = "GET") -> tuple[int, bytes]:
    """Return the status and the body of a response."""
    of = {**scope("http", path, *headers, scheme="http", server=("x", 80), query_string=b""), "method": method}
    start, *rest = await converse(served, of, [{"type": "http.request", "body": b"", "more_body": False}] * 3)
    return start["status"], b"".join(each.get("body", b"") for each in rest)


@pytest.mark.parametrize("page", [FASTAPI, ASGI])
def test_a_guard_takes_five_lines(page: str) -> None:
    """The first program has at most five lines about the guard."""
    program = _PROGRAM.findall(page)[0]
    assert len(re.findall(r"(?m)^.*(?:keyturn|guard|requires|principal).*$", program)) <= 5


@pytest.mark.parametrize("page", [FASTAPI, ASGI])
async def test_the_first_program_guards_its_routes(
    page: str, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the issuer of the page running, a token opens the route until its session ends. Without a token only the
    public path answers.
    """
    guards: list[app.guard.asgi.RemoteAsgiGuard] = []
    make = app.guard.asgi.remote_guard

    def follow(**options: Any) -> app.guard.asgi.RemoteAsgiGuard:
        assert options.pop("issuer") == _ISSUER_OF_THE_PAGE
        guards.append(make(issuer=issuer.url, poll=0.05, **options))
        return guards[-1]

    for module in (app.guard.asgi, app.guard.fastapi):
        monkeypatch.setattr(module, "remote_guard", follow)
    served = run(page, 0)["app"]
    good = (b"authorization", f"Bearer {issuer.signer.token(claims(iss=issuer.url))}".encode())
    assert (await ask(served, "/"))[0] in (200, 404)
    assert (await ask(served, "/orders"))[0] == 401
    assert await ask(served, "/orders", good) == (200, b'{"orders_of":"alice-subject"}')
    issuer.feed["revoked"] = {SID: int(issuer.clock.now())}
    async with asyncio.timeout(30):
        while (await ask(served, "/orders", good))[0] == 200:  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.05)
    assert guards[0].following is not None
    await guards[0].following.stop()


async def test_preflights_are_answered_around_the_guard(forge: Forge) -> None:
    """As on the page, a preflight needs no token, and a refusal has the header that lets the page read it."""
    application = FastAPI()
    run(FASTAPI, 1, app=application, guard=guard_of(forge), CORSMiddleware=CORSMiddleware)
    origin = (b"origin", b"https://shop.example")
    preflight = (origin, (b"access-control-request-method", b"GET"))
    assert (await ask(application, "/orders", *preflight, method="OPTIONS"))[0] == 200
    start, _ = await converse(application, scope("http", "/orders", origin))
    assert start["status"] == 401
    assert dict(start["headers"])[b"access-control-allow-origin"] == b"https://shop.example"


async def test_the_socket_of_the_page_echoes(forge: Forge) -> None:
    """The program accepts the socket with a token, and refuses it without one."""
    application = FastAPI()
    application.add_middleware(guard_of(forge))
    run(FASTAPI, 2, app=application, WebSocket=WebSocket, while_valid=app.guard.fastapi.while_valid)
    messages: list[dict[str, Any]] = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "tea"}]
    messages.append({"type": "websocket.disconnect", "code": 1000})
    of = scope("websocket", "/live", authorization(forge), scheme="ws", query_string=b"")

    async def served(of: Any, receive: Any, send: Any) -> None:
        with suppress(WebSocketDisconnect):
            await application(of, receive, send)

    sent = await converse(served, of, messages)
    assert [each["type"] for each in sent[:2]] == ["websocket.accept", "websocket.send"]
    refused = await converse(application, scope("websocket", "/live"), messages)
    assert [each["type"] for each in refused] == ["websocket.close"]


async def test_the_stream_of_the_page_ticks(forge: Forge) -> None:
    """The program yields while the token is valid."""
    names = run(
        ASGI, 1, Request=Request, AsyncIterator=AsyncIterator, asyncio=asyncio, while_valid=app.guard.asgi.while_valid
    )
    seen = []

    async def served(of: Any, receive: Any, send: Any) -> None:
        ticks = names["ticks"](Request(of))
        seen.append(await anext(ticks))
        await ticks.aclose()

    await converse(guard_of(forge)(served), scope("http", "/", authorization(forge)))
    assert seen == ["tick"]


async def test_keys_from_a_file(forge: Forge) -> None:
    """The last program accepts the tokens of its keys."""
    inner = FastAPI()
    keys = jwk_set(forge)
    names = run(ASGI, 2, guard=app.guard.asgi.guard, jwk_set=keys, application=inner)
    assert (await ask(names["app"], "/nothing", authorization(forge)))[0] == 404
    assert (await ask(names["app"], "/nothing"))[0] == 401
    assert f'issuer="{ISSUER}"' in ASGI


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(\w+)\((?!\[)", FASTAPI + ASGI))))
def test_named_functions_exist(name: str) -> None:
    """Each function that a page names exists in the modules that it imports from."""
    others = {"TestClient", "Depends"}
    assert name in others or hasattr(app.guard.fastapi, name) or hasattr(app.guard.asgi, name)
