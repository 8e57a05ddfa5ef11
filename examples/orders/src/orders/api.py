"""The routes, with their marks for the guard."""

from collections import defaultdict
from dataclasses import asdict
from typing import Final

from aiohttp import web
from keyturn.guard import PRINCIPAL, RemoteGuard, closed_when_stale, public, requires

GUARD: Final = web.AppKey("guard", RemoteGuard)
ORDERS: Final = web.AppKey("orders", defaultdict[str, list[str]])

CATALOGUE: Final = ("tea", "coffee", "chocolate")


@public
async def catalogue(_: web.Request) -> web.Response:
    """Return the catalogue. Anyone may read it."""
    return web.json_response({"catalogue": CATALOGUE})


@public
async def health(request: web.Request) -> web.Response:
    """Return the state of the guard, for monitoring."""
    state = asdict(request.app[GUARD].state())
    return web.json_response({name: state[name] for name in ("keys_age", "feed_age", "feed_is_stale")})


@requires("orders:read")
async def list_orders(request: web.Request) -> web.Response:
    """Return the orders of the caller. This goes on while the issuer is away."""
    return web.json_response({"orders": request.app[ORDERS][request[PRINCIPAL].subject]})


@closed_when_stale
@requires("orders:write")
async def order(request: web.Request) -> web.Response:
    """Order an item. Orders cost money, so they stop while the guard does not hear of revoked sessions."""
    item = request.match_info["item"]
    if item not in CATALOGUE:
        raise web.HTTPNotFound
    request.app[ORDERS][request[PRINCIPAL].subject].append(item)
    return web.json_response({"ordered": item}, status=201)


def create_app(guard: RemoteGuard) -> web.Application:
    """Return the service, protected by its guard."""
    app = web.Application()
    app[GUARD] = guard
    orders: defaultdict[str, list[str]] = defaultdict(list)
    app[ORDERS] = orders
    app.add_routes(
        [
            web.get("/catalogue", catalogue),
            web.get("/health", health),
            web.get("/orders", list_orders),
            web.post("/orders/{item}", order),
        ]
    )
    guard.protect(app)
    return app
