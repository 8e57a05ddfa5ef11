"""``public`` and ``requires``."""

from collections.abc import Callable

import pytest
from aiohttp import web

from app.guard import public, requires

from .foreign import Connect, application, bearer, guard_of, hello, status
from .forgery import Forge


class View(web.View):
    """A view of two methods, one of which needs more."""

    async def get(self) -> web.Response:
        """Answer."""
        return web.Response()

    @requires("orders:write")
    async def post(self) -> web.Response:
        """Answer whoever may write."""
        return web.Response()


class Handlers:
    """Handlers that are methods of an object."""

    @requires("orders:write")
    async def closed(self, request: web.Request) -> web.Response:
        """Answer whoever may write."""
        return await hello(request)

    @public
    async def open(self, _: web.Request) -> web.Response:
        """Answer anyone."""
        return web.Response()


async def _handler(_: web.Request) -> web.Response:
    return web.Response()


def fresh() -> Callable[[web.Request], object]:
    """Return a handler that nobody else has marked."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    return handler


def _mark_function(app: web.Application) -> None:
    app.router.add_get("/", public(fresh()))  # type: ignore[arg-type]  # it is a handler


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
async def test_what_is_public_needs_no_token(
    aiohttp_client: Connect, forge: Forge, mark: Callable[[web.Application], None]
) -> None:
    """A function, a view, a route, a resource, a method of an object; even a bad token is not looked at."""
    app = application(guard_of(forge))
    mark(app)
    client = await aiohttp_client(app)
    assert await status(client, "/") == 200
    assert await status(client, "/", headers={"Authorization": "Bearer rubbish"}) == 200


async def test_a_public_route_opens_itself_only(aiohttp_client: Connect, forge: Forge) -> None:
    """Another method of the same path, and another path of the same handler, stay closed."""
    app = application(guard_of(forge), [web.get("/other", hello)])
    public(app.router.add_route("POST", "/", hello))
    app.router.add_route("PUT", "/", hello)
    client = await aiohttp_client(app)
    assert [await status(client, *each) for each in (("/", "POST"), ("/", "PUT"), ("/other", "GET"))] == [200, 401, 401]


async def test_a_view_made_from_a_public_view_is_closed(aiohttp_client: Connect, forge: Forge) -> None:
    """Inheriting code is not inheriting openness: deny by default."""
    opened = public(type("Open", (web.View,), {"get": View.get}))
    derived = type("Derived", (opened,), {})
    app = application(guard_of(forge))
    app.router.add_view("/", derived)
    assert await status(await aiohttp_client(app), "/") == 401


async def test_a_required_scope_is_needed(aiohttp_client: Connect, forge: Forge) -> None:
    """On functions, on methods of a view and of an object: 401 without a token, 403 without the scope, then through."""
    routes = [
        web.post("/function", requires("orders:write")(_handler)),
        web.view("/view", View),
        web.post("/method", Handlers().closed),
    ]
    client = await aiohttp_client(application(guard_of(forge), routes))
    for path in ("/function", "/view", "/method"):
        assert await status(client, path, "POST") == 401
        assert await status(client, path, "POST", headers=bearer(forge)) == 403
        assert await status(client, path, "POST", headers=bearer(forge, scope="orders:write")) == 200
    assert await status(client, "/view", headers=bearer(forge)) == 200


async def test_the_refusal_names_the_missing_scope(aiohttp_client: Connect, forge: Forge) -> None:
    """Of several scopes all are needed, and the one that lacks is named."""
    handler = requires("orders:read", "orders:write")(_handler)
    client = await aiohttp_client(application(guard_of(forge), [web.get("/", handler)]))
    async with client.get("/", headers=bearer(forge)) as response:
        assert response.status == 403
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
        assert 'scope="orders:write"' in response.headers["WWW-Authenticate"]
    assert await status(client, "/", headers=bearer(forge, scope="orders:read orders:write")) == 200


async def test_no_prefix_of_a_scope_is_enough(aiohttp_client: Connect, forge: Forge) -> None:
    """Scopes are compared whole."""
    client = await aiohttp_client(application(guard_of(forge), [web.get("/", requires("orders")(_handler))]))
    for scope in ("orders:read", "order", "ORDERS", ""):
        assert await status(client, "/", headers=bearer(forge, scope=scope)) == 403


async def test_without_a_guard_a_required_scope_fails_closed(aiohttp_client: Connect, forge: Forge) -> None:
    """An application that forgot its guard answers 500, with a good token too; it never lets anyone through."""
    app = web.Application()
    app.add_routes([web.post("/", requires("orders:write")(_handler)), web.view("/view", View)])
    client = await aiohttp_client(app)
    headers = bearer(forge, scope="orders:write")
    for path in ("/", "/view"):
        assert await status(client, path, "POST") == 500
        assert await status(client, path, "POST", headers=headers) == 500


def test_public_and_requires_contradict_each_other() -> None:
    """Whichever is the outer one, the program does not start."""
    with pytest.raises(TypeError, match="cannot be public"):
        public(requires("a")(_handler))
    with pytest.raises(TypeError, match="is public"):
        requires("a")(public(fresh()))  # type: ignore[arg-type]  # it is a handler


def test_a_public_view_cannot_require_a_scope() -> None:
    """A view with a method that requires a scope cannot be public as a whole."""
    with pytest.raises(TypeError):
        public(type("Contradiction", (View,), {}))


async def test_a_scope_required_on_a_public_route_fails_closed(aiohttp_client: Connect, forge: Forge) -> None:
    """Where the contradiction is made at the route, nobody gets through."""
    app = application(guard_of(forge))
    public(app.router.add_post("/", requires("orders:write")(_handler)))
    client = await aiohttp_client(app)
    assert await status(client, "/", "POST", headers=bearer(forge, scope="orders:write")) == 500
