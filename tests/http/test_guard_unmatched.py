"""Requests for paths and methods that no route has."""

from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from app.guard import PRINCIPAL, ConfigurationError, optional_principal

from .forgery import Forge
from .guarded_app import Connect, bearer, guard_of, hello, status

UNMATCHED = [
    ("GET", "/nothing"),
    ("POST", "/orders"),
    ("OPTIONS", "/orders"),
    ("GET", "/sub/nothing"),
    ("PUT", "/sub/"),
]


def serving_app(seen: list[object], **options: str) -> Callable[[Forge], web.Application]:
    """Return what makes an application whose middleware behind the guard answers unknown paths with a document."""

    @web.middleware
    async def documents(request: web.Request, handler: Handler) -> web.StreamResponse:
        principal = optional_principal(request)
        seen.append(principal and principal.subject)
        try:
            return await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            return web.Response(text="a document")

    def make(forge: Forge) -> web.Application:
        sub, app = web.Application(middlewares=[documents]), web.Application()
        sub.add_routes([web.get("/", hello)])
        guard_of(forge, **options).protect(app)
        app.middlewares.append(documents)
        app.add_routes([web.get("/orders", hello)])
        app.add_subapp("/sub", sub)
        return app

    return make


@pytest.mark.parametrize(("method", "path"), UNMATCHED)
async def test_strangers_reach_no_middleware(aiohttp_client: Connect, forge: Forge, method: str, path: str) -> None:
    """The guard answers 404 or 405 itself: a middleware behind it gives documents only to a request with a token."""
    seen: list[object] = []
    client = await aiohttp_client(serving_app(seen)(forge))
    expected = 404 if path.endswith("nothing") else 405
    assert await status(client, path, method) == expected
    assert await status(client, path, method, headers={"Authorization": "Bearer x"}) == expected
    assert await status(client, path, method, headers={"Access-Control-Request-Method": "GET"}) == expected
    assert seen == []
    assert await status(client, path, method, headers=bearer(forge)) == 200
    assert set(seen) == {"alice-subject"}


@pytest.mark.parametrize(("method", "path"), UNMATCHED)
async def test_application_can_open_them(aiohttp_client: Connect, forge: Forge, method: str, path: str) -> None:
    """With ``unmatched="public"`` the middlewares behind the guard answer strangers, but no guarded route opens."""
    seen: list[object] = []
    client = await aiohttp_client(serving_app(seen, unmatched="public")(forge))
    assert await status(client, path, method) == 200
    assert set(seen) == {None}
    assert await status(client, path, method, headers=bearer(forge)) == 200
    assert set(seen) == {None, "alice-subject"}
    assert [await status(client, guarded) for guarded in ("/orders", "/sub/")] == [401, 401]


async def test_405_names_the_methods(aiohttp_client: Connect, forge: Forge) -> None:
    """The guard's own 405 has ``Allow`` (RFC 9110 §15.5.6)."""
    client = await aiohttp_client(serving_app([])(forge))
    async with client.post("/orders") as response:
        assert response.headers["Allow"] == "GET,HEAD"


def test_other_word_is_refused(forge: Forge) -> None:
    """A word that is neither "refused" nor "public" raises ``ConfigurationError``, which names both."""
    with pytest.raises(ConfigurationError, match="'refused', 'public'"):
        guard_of(forge, unmatched="open")


async def test_optional_principal(aiohttp_client: Connect, forge: Forge) -> None:
    """Without a guard, asking for an optional principal fails."""

    async def ask(request: web.Request) -> web.Response:
        assert PRINCIPAL not in request
        return web.Response(text=str(optional_principal(request)))

    app = web.Application()
    app.router.add_get("/", ask)
    assert await status(await aiohttp_client(app), "/") == 500
