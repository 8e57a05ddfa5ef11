"""The parts of a guard that can be replaced: the token source and the renderer of refusals."""

from http import HTTPStatus
from typing import Any

import pytest
from aiohttp import web

import app.guard
from app.domain.errors import KeyturnError
from app.domain.tokens.errors import InsufficientScope, MissingToken
from app.guard import Cookie, requires

from .forgery import Forge
from .guarded_app import Connect, bearer, claims, guard_of, guarded_app, hello, status


class QueryToken:
    """Takes the token from the query string. Only a test does that."""

    def token(self, request: web.Request) -> str:
        """Return the token."""
        try:
            return request.query["token"]
        except KeyError as error:
            raise MissingToken from error


class NothingFound:
    """A token source that returns something else than a token."""

    def __init__(self, found: object) -> None:
        self.found = found

    def token(self, _: web.Request) -> Any:
        """Return it."""
        return self.found


class BrokenSource:
    """A token source with a bug."""

    def token(self, request: web.Request) -> str:
        """Fail."""
        return request.headers["X-Forgotten"]


def redirect_to_login(error: KeyturnError) -> web.Response:
    """Answer a refusal with a redirect to the login page, and a missing scope with 403."""
    if isinstance(error, InsufficientScope):
        return web.Response(status=HTTPStatus.FORBIDDEN, text=f"ask for {error.scope}")
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})


async def test_cookie_can_hold_token(aiohttp_client: Connect, forge: Forge) -> None:
    """With ``Cookie`` only the named cookie counts, not the header."""
    client = await aiohttp_client(guarded_app(guard_of(forge, tokens=Cookie("session")), [web.get("/", hello)]))
    token = forge.token(claims())
    assert await status(client, "/", headers={"Cookie": f"other=x; session={token}"}) == 200
    assert await status(client, "/", headers=bearer(forge)) == 401
    for cookie in (f"other={token}", "session=", "session=rubbish", f'session="{token}', "session\xff=\xff;;="):
        assert await status(client, "/", headers={"Cookie": cookie}) == 401


async def test_custom_token_source(aiohttp_client: Connect, forge: Forge) -> None:
    """A token source needs one method, which raises ``MissingToken`` if there is no token."""
    client = await aiohttp_client(guarded_app(guard_of(forge, tokens=QueryToken()), [web.get("/", hello)]))
    assert await status(client, "/", params={"token": forge.token(claims())}) == 200
    async with client.get("/") as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("found", "expected"), [(None, 401), ("", 401), (b"x", 500), (0, 500)])
async def test_source_returns_no_token(aiohttp_client: Connect, forge: Forge, found: object, expected: int) -> None:
    """``None`` is a missing token, and an empty text an invalid one. Anything else is a bug, which lets nobody in."""
    client = await aiohttp_client(guarded_app(guard_of(forge, tokens=NothingFound(found)), [web.get("/", hello)]))
    async with client.get("/") as response:
        assert response.status == expected
        if found is None:
            assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_bug_in_token_source_answers_500(aiohttp_client: Connect, forge: Forge) -> None:
    """A token source with a bug lets no request through."""
    client = await aiohttp_client(guarded_app(guard_of(forge, tokens=BrokenSource()), [web.get("/", hello)]))
    assert await status(client, "/", headers=bearer(forge)) == 500


async def test_custom_renderer(aiohttp_client: Connect, forge: Forge) -> None:
    """``render`` gets every refusal: no token, an invalid one, two headers, a missing scope."""
    routes = [web.get("/", requires("orders:write")(_handler))]
    client = await aiohttp_client(guarded_app(guard_of(forge, render=redirect_to_login), routes))
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    for headers in ({}, {"Authorization": "Bearer x"}, two):
        async with client.get("/", headers=headers, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/login")
    async with client.get("/", headers=bearer(forge)) as response:
        assert (response.status, await response.text()) == (403, "ask for orders:write")


async def _handler(_: web.Request) -> web.Response:
    return web.Response()


async def test_errors_of_handlers_pass_the_guard(aiohttp_client: Connect, forge: Forge) -> None:
    """The guard does not change what a handler raises."""

    async def teapot(_: web.Request) -> web.Response:
        raise web.HTTPConflict

    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", teapot)]))
    assert await status(client, "/", headers=bearer(forge)) == 409


@pytest.mark.parametrize("name", ["MissingToken", "KeyturnError"])
def test_guard_exports_errors(name: str) -> None:
    """Token sources raise ``MissingToken``, and renderers get a ``KeyturnError``."""
    assert name in app.guard.__all__
