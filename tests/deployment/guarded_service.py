"""A service that the guard of Keyturn protects: ``python -m tests.deployment.guarded_service ISSUER``."""

import sys

from aiohttp import web

from app.guard import PRINCIPAL, remote_guard


async def orders(request: web.Request) -> web.Response:
    """Return whose orders these are."""
    return web.json_response({"orders_of": request[PRINCIPAL].subject})


def main(issuer: str) -> None:
    """Serve a guarded route on a free port."""
    app = web.Application()
    app.router.add_get("/orders", orders)
    remote_guard(issuer=issuer, audience="keyturn", poll=0.5).protect(app)
    web.run_app(app, host="127.0.0.1", port=0)


if __name__ == "__main__":
    main(sys.argv[1])
