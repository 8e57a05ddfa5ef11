"""The guard's replaceable parts: where the token is, and what a refusal looks like."""

from http import HTTPStatus

import pytest
from aiohttp import web

import app.guard
from app.domain.errors import KeyturnError
from app.domain.tokens.errors import InsufficientScope, MissingToken
from app.guard import Cookie, requires

from .foreign import Connect, application, bearer, claims, guard_of, hello, status
from .forgery import Forge


class Query:
    """Takes the token from the query string, as nobody should."""

    def token(self, request: web.Request) -> str:
        """Return it."""
        try:
            return request.query["token"]
        except KeyError as error:
            raise MissingToken from error


class Broken:
    """A token source with a bug."""

    def token(self, request: web.Request) -> str:
        """Fail."""
        return request.headers["X-Forgotten"]


def to_the_login_page(error: KeyturnError) -> web.Response:
    """Send people where they can sign in, and tell those who may not."""
    if isinstance(error, InsufficientScope):
        return web.Response(status=HTTPStatus.FORBIDDEN, text=f"ask for {error.scope}")
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": "/login"})


async def test_a_cookie_can_hold_the_token(aiohttp_client: Connect, forge: Forge) -> None:
    """Only the cookie of that name counts then, not the header."""
    client = await aiohttp_client(application(guard_of(forge, tokens=Cookie("session")), [web.get("/", hello)]))
    token = forge.token(claims())
    assert await status(client, "/", headers={"Cookie": f"other=x; session={token}"}) == 200
    assert await status(client, "/", headers=bearer(forge)) == 401
    for cookie in (f"other={token}", "session=", "session=rubbish", f'session="{token}', "session\xff=\xff;;="):
        assert await status(client, "/", headers={"Cookie": cookie}) == 401


async def test_a_source_of_ones_own_can_find_the_token(aiohttp_client: Connect, forge: Forge) -> None:
    """One method is enough; ``MissingToken`` says that there is none."""
    client = await aiohttp_client(application(guard_of(forge, tokens=Query()), [web.get("/", hello)]))
    assert await status(client, "/", params={"token": forge.token(claims())}) == 200
    async with client.get("/") as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"


async def test_a_source_that_fails_lets_nobody_in(aiohttp_client: Connect, forge: Forge) -> None:
    """Its bug is the application's 500."""
    client = await aiohttp_client(application(guard_of(forge, tokens=Broken()), [web.get("/", hello)]))
    assert await status(client, "/", headers=bearer(forge)) == 500


async def test_refusals_can_look_otherwise(aiohttp_client: Connect, forge: Forge) -> None:
    """Every refusal goes through the renderer: no token, a bad one, two headers, and a scope that lacks."""
    routes = [web.get("/", requires("orders:write")(_handler))]
    client = await aiohttp_client(application(guard_of(forge, render=to_the_login_page), routes))
    two = [("Authorization", "Bearer a"), ("Authorization", "Bearer b")]
    for headers in ({}, {"Authorization": "Bearer x"}, two):
        async with client.get("/", headers=headers, allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (303, "/login")
    async with client.get("/", headers=bearer(forge)) as response:
        assert (response.status, await response.text()) == (403, "ask for orders:write")


async def _handler(_: web.Request) -> web.Response:
    return web.Response()


async def test_the_applications_own_errors_stay_its_own(aiohttp_client: Connect, forge: Forge) -> None:
    """What a handler raises passes through the guard as it is."""

    async def teapot(_: web.Request) -> web.Response:
        raise web.HTTPConflict

    client = await aiohttp_client(application(guard_of(forge), [web.get("/", teapot)]))
    assert await status(client, "/", headers=bearer(forge)) == 409


@pytest.mark.parametrize("name", ["MissingToken", "KeyturnError"])
def test_the_facade_has_what_its_parts_need(name: str) -> None:
    """Who writes a token source raises ``MissingToken``, who writes a renderer is given a ``KeyturnError``."""
    assert name in app.guard.__all__
