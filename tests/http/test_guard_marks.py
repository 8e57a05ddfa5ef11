"""The marks ``public`` and ``requires``."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from app.adapters.guards import aiohttp as aiohttp_guard
from app.adapters.guards.aiohttp_marks import check_scope
from app.guard import closed_when_stale, open_when_stale, optional_principal, public, requires

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


def _sub_application(app: web.Application) -> object:
    return app.add_subapp("/sub", web.Application())


def _domain(app: web.Application) -> object:
    return app.add_domain("x.example", web.Application())


UNMARKABLE: list[Callable[[web.Application], object]] = [
    _sub_application,
    _domain,
    lambda app: app,
    lambda app: app.router,
    lambda app: app.router.add_routes([web.get("/", hello)]),
    lambda app: app.add_routes([web.get("/", hello)])[0].resource.canonical,  # type: ignore[union-attr]  # it has one
    lambda _: web.get("/", hello),
    lambda _: Handlers().closed,
    lambda _: Handlers,
    lambda _: "/orders",
    lambda _: None,
]


@pytest.mark.parametrize("mark", [public, open_when_stale])
@pytest.mark.parametrize("make", UNMARKABLE)
def test_mark_without_effect_is_refused(
    make: Callable[[web.Application], object], mark: Callable[[object], object]
) -> None:
    """A mark that no guard would read raises ``TypeError``: that of a whole sub-application, a list, a bound method."""
    unmarkable = make(web.Application())
    with pytest.raises(TypeError):
        mark(unmarkable)


@pytest.mark.parametrize("decorate", [requires("orders:write"), closed_when_stale])
@pytest.mark.parametrize(
    "make",
    [
        _sub_application,
        lambda app: app.router.add_get("/", hello),
        lambda app: app.router.add_resource("/"),
        lambda app: app,
        lambda _: web.get("/", hello),
        lambda _: Handlers,
    ],
)
def test_check_without_effect_is_refused(
    make: Callable[[web.Application], object], decorate: Callable[[Any], object]
) -> None:
    """A check on a route or a resource would never run, so it raises ``TypeError``."""
    undecorable = make(web.Application())
    with pytest.raises(TypeError, match="decorate a function"):
        decorate(undecorable)


async def _ask(request: web.Request) -> web.Response:
    principal = optional_principal(request)
    if principal is not None:
        check_scope(request, "orders:read")
    return web.Response(text=principal.subject if principal else "stranger")


async def test_public_route_can_know_who_asks(aiohttp_client: Connect, forge: Forge) -> None:
    """A public route gets the principal of a valid token. For no token or an invalid one, or two, it gets ``None``."""
    app = guarded_app(guard_of(forge), [web.get("/", public(_ask)), web.get("/guarded", hello)])
    client = await aiohttp_client(app)
    [valid], invalid = bearer(forge).items(), ("Authorization", "Bearer x")
    for headers, text in (
        ([], "stranger"),
        ([invalid], "stranger"),
        ([valid, invalid], "stranger"),
        ([valid], "alice-subject"),
    ):
        async with client.get("/", headers=headers) as response:
            assert (response.status, await response.text()) == (200, text)
    assert await status(client, "/guarded", headers=bearer(forge)) == 200
    assert await status(client, "/guarded") == 401


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
