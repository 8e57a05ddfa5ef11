"""The marks ``public`` and ``requires``."""

from collections.abc import Callable

import pytest
from aiohttp import web

from app.adapters.guards import aiohttp as aiohttp_guard
from app.guard import public, requires

from .forgery import Forge
from .guarded_app import Connect, bearer, guard_of, guarded_app, hello, status


class View(web.View):
    """A view with two methods. Only POST requires a scope."""

    async def get(self) -> web.Response:
        """Answer every token."""
        return web.Response()

    @requires("orders:write")
    async def post(self) -> web.Response:
        """Answer a token with the scope."""
        return web.Response()


class Handlers:
    """Handlers that are methods of an object."""

    @requires("orders:write")
    async def closed(self, request: web.Request) -> web.Response:
        """Answer a token with the scope."""
        return await hello(request)

    @public
    async def open(self, _: web.Request) -> web.Response:
        """Answer every request."""
        return web.Response()


async def _handler(_: web.Request) -> web.Response:
    return web.Response()


def new_handler() -> Callable[[web.Request], object]:
    """Return a handler without marks."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    return handler


def _mark_function(app: web.Application) -> None:
    app.router.add_get("/", public(new_handler()))  # type: ignore[arg-type]  # it is a handler


def _mark_view(app: web.Application) -> None:
    app.router.add_view("/", public(type("Open", (web.View,), {"get": View.get})))


def _mark_route(app: web.Application) -> None:
    public(app.router.add_get("/", hello))


def _mark_resource(app: web.Application) -> None:
    resource = public(app.router.add_resource("/"))
    resource.add_route("GET", hello)


def _mark_method(app: web.Application) -> None:
    app.router.add_get("/", Handlers().open)


@pytest.mark.parametrize("mark", [_mark_function, _mark_view, _mark_route, _mark_resource, _mark_method])
async def test_public_route_needs_no_token(
    aiohttp_client: Connect, forge: Forge, mark: Callable[[web.Application], None]
) -> None:
    """A public function, view, route, resource or method ignores even an invalid token."""
    app = guarded_app(guard_of(forge))
    mark(app)
    client = await aiohttp_client(app)
    assert await status(client, "/") == 200
    assert await status(client, "/", headers={"Authorization": "Bearer rubbish"}) == 200


async def test_public_route_opens_only_itself(aiohttp_client: Connect, forge: Forge) -> None:
    """Another method of the same path, and another path of the same handler, still need a token."""
    app = guarded_app(guard_of(forge), [web.get("/other", hello)])
    public(app.router.add_route("POST", "/", hello))
    app.router.add_route("PUT", "/", hello)
    client = await aiohttp_client(app)
    assert [await status(client, *each) for each in (("/", "POST"), ("/", "PUT"), ("/other", "GET"))] == [200, 401, 401]


async def test_subclass_of_public_view_is_not_public(aiohttp_client: Connect, forge: Forge) -> None:
    """A view does not inherit the mark."""
    opened = public(type("Open", (web.View,), {"get": View.get}))
    derived = type("Derived", (opened,), {})
    app = guarded_app(guard_of(forge))
    app.router.add_view("/", derived)
    assert await status(await aiohttp_client(app), "/") == 401


async def test_required_scope_is_checked(aiohttp_client: Connect, forge: Forge) -> None:
    """Functions and methods answer 401 without a token, 403 without the scope, and 200 with it."""
    routes = [
        web.post("/function", requires("orders:write")(_handler)),
        web.view("/view", View),
        web.post("/method", Handlers().closed),
    ]
    client = await aiohttp_client(guarded_app(guard_of(forge), routes))
    for path in ("/function", "/view", "/method"):
        assert await status(client, path, "POST") == 401
        assert await status(client, path, "POST", headers=bearer(forge)) == 403
        assert await status(client, path, "POST", headers=bearer(forge, scope="orders:write")) == 200
    assert await status(client, "/view", headers=bearer(forge)) == 200


async def test_refusal_names_missing_scope(aiohttp_client: Connect, forge: Forge) -> None:
    """All scopes are required, and the challenge names the first missing one."""
    handler = requires("orders:read", "orders:write")(_handler)
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", handler)]))
    async with client.get("/", headers=bearer(forge)) as response:
        assert response.status == 403
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
        assert 'scope="orders:write"' in response.headers["WWW-Authenticate"]
    assert await status(client, "/", headers=bearer(forge, scope="orders:read orders:write")) == 200


async def test_scopes_are_compared_as_a_whole(aiohttp_client: Connect, forge: Forge) -> None:
    """A prefix, an extension or another case of a scope is not the scope."""
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", requires("orders")(_handler))]))
    for scope in ("orders:read", "order", "ORDERS", ""):
        assert await status(client, "/", headers=bearer(forge, scope=scope)) == 403


async def test_required_scope_without_guard_answers_500(aiohttp_client: Connect, forge: Forge) -> None:
    """An application without a guard answers 500, even to a valid token."""
    app = web.Application()
    app.add_routes([web.post("/", requires("orders:write")(_handler)), web.view("/view", View)])
    client = await aiohttp_client(app)
    headers = bearer(forge, scope="orders:write")
    for path in ("/", "/view"):
        assert await status(client, path, "POST") == 500
        assert await status(client, path, "POST", headers=headers) == 500


def test_public_and_requires_exclude_each_other() -> None:
    """Using both marks raises ``TypeError``, in either order."""
    with pytest.raises(TypeError, match="cannot be public"):
        public(requires("a")(_handler))
    with pytest.raises(TypeError, match="is public"):
        requires("a")(public(new_handler()))  # type: ignore[arg-type]  # it is a handler


def test_public_view_cannot_require_scope() -> None:
    """A view with a method that requires a scope cannot be marked public."""
    with pytest.raises(TypeError):
        public(type("Contradiction", (View,), {}))


async def test_public_route_of_handler_with_scope_answers_500(aiohttp_client: Connect, forge: Forge) -> None:
    """If the route is public and its handler requires a scope, every request gets 500."""
    app = guarded_app(guard_of(forge))
    public(app.router.add_post("/", requires("orders:write")(_handler)))
    client = await aiohttp_client(app)
    assert await status(client, "/", "POST", headers=bearer(forge, scope="orders:write")) == 500


async def test_marks_are_read_once(aiohttp_client: Connect, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first request to a route reads the marks of its handler, and later ones don't."""
    read: list[web.AbstractRoute] = []

    def is_public(route: web.AbstractRoute) -> bool:
        read.append(route)
        return False

    monkeypatch.setattr(aiohttp_guard, "is_public", is_public)
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", hello)]))
    read.clear()
    for _ in range(3):
        assert await status(client, "/", headers=bearer(forge)) == 200
    assert len(read) == 1
