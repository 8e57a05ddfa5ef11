"""CORS behind and before the guard: aiohttp-cors, a middleware of the application, and public routes."""

from collections.abc import Callable

import aiohttp_cors
import pytest
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from app.guard import public

from .forgery import Forge
from .guarded_app import Client, Connect, bearer, guard_of, guarded_app, hello, status

ORIGIN = "https://shop.example"
PREFLIGHT = {
    hdrs.ORIGIN: ORIGIN,
    hdrs.ACCESS_CONTROL_REQUEST_METHOD: "GET",
    hdrs.ACCESS_CONTROL_REQUEST_HEADERS: "authorization",
}


class OrdersView(web.View, aiohttp_cors.CorsViewMixin):
    """A view with the mixin of aiohttp-cors."""

    async def get(self) -> web.Response:
        """Answer every token."""
        return web.Response()


class OwnView(web.View):
    """A view that has a handler of ``OPTIONS`` requests itself."""

    async def get(self) -> web.Response:
        """Answer every token."""
        return web.Response()

    async def options(self) -> web.Response:
        """Answer every token."""
        return web.Response(text="secret")


def _cors(app: web.Application) -> None:
    options = aiohttp_cors.ResourceOptions(allow_headers=("Authorization",))  # type: ignore[no-untyped-call]  # it has no types
    cors = aiohttp_cors.setup(app, defaults={ORIGIN: options})
    for route in list(app.router.routes()):
        cors.add(route)


def _routes(app: web.Application) -> None:
    app.router.add_get("/orders", hello, allow_head=False)
    app.router.add_view("/view", OrdersView)


@pytest.mark.parametrize("guard_first", [True, False], ids=["guard first", "cors first"])
async def test_aiohttp_cors_answers_preflights(
    aiohttp_client: Connect,
    forge: Forge,
    *,
    guard_first: bool,
) -> None:
    """aiohttp-cors answers preflights without a token, in either order. Pages can read refusals."""
    app = web.Application()
    _routes(app)
    steps: list[Callable[[web.Application], None]] = [guard_of(forge).protect, _cors]
    for step in steps if guard_first else reversed(steps):
        step(app)
    client = await aiohttp_client(app)
    for path in ("/orders", "/view"):
        await _check_preflight(client, path)
        assert await status(client, path, "OPTIONS", headers={hdrs.ORIGIN: ORIGIN}) == 401
        assert await status(client, path, "OPTIONS", headers={**PREFLIGHT, hdrs.ORIGIN: "https://other.example"}) == 403
        async with client.get(path, headers={hdrs.ORIGIN: ORIGIN}) as response:
            assert (response.status, response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN]) == (401, ORIGIN)
        assert await status(client, path, headers={hdrs.ORIGIN: ORIGIN, **bearer(forge)}) == 200


async def _check_preflight(client: Client, path: str) -> None:
    async with client.options(path, headers=PREFLIGHT) as response:
        assert response.status == 200
        assert response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] == ORIGIN
        assert response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] == "AUTHORIZATION"


async def test_no_other_handler_runs_without_a_token(aiohttp_client: Connect, forge: Forge) -> None:
    """A preflight opens no handler of the application: neither for every method, nor for ``OPTIONS``, nor a view's."""
    routes = [web.route("*", "/any", hello), web.options("/own", hello), web.view("/view", OwnView)]
    client = await aiohttp_client(guarded_app(guard_of(forge), routes))
    for path in ("/any", "/own", "/view"):
        assert await status(client, path, "OPTIONS", headers=PREFLIGHT) == 401
        assert await status(client, path, "OPTIONS", headers={**PREFLIGHT, **bearer(forge)}) == 200


async def test_public_options_route(aiohttp_client: Connect, forge: Forge) -> None:
    """A public ``OPTIONS`` route answers preflights, and the other methods of its path need a token."""

    async def preflight(_: web.Request) -> web.Response:
        return web.Response(status=204, headers={hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: ORIGIN})

    routes = [web.get("/orders", hello), web.options("/orders", public(preflight))]
    client = await aiohttp_client(guarded_app(guard_of(forge), routes))
    assert await status(client, "/orders", "OPTIONS", headers=PREFLIGHT) == 204
    assert await status(client, "/orders", headers={hdrs.ORIGIN: ORIGIN}) == 401


@web.middleware
async def _cors_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
        return web.Response(status=204)
    return await handler(request)


@pytest.mark.parametrize(("before_guard", "expected"), [(True, [204, 204]), (False, [401, 405])])
async def test_cors_middleware_belongs_before_the_guard(
    aiohttp_client: Connect,
    forge: Forge,
    expected: list[int],
    *,
    before_guard: bool,
) -> None:
    """A middleware of the application answers preflights if it is before the guard. Behind it, it sees no stranger."""
    app = web.Application(middlewares=[_cors_middleware] if before_guard else [])
    guard_of(forge).protect(app)
    if not before_guard:
        app.middlewares.append(_cors_middleware)
    app.add_routes([web.route("*", "/any", hello), web.get("/orders", hello)])
    client = await aiohttp_client(app)
    assert [await status(client, path, "OPTIONS", headers=PREFLIGHT) for path in ("/any", "/orders")] == expected
