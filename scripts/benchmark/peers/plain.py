"""A plain aiohttp route that returns JSON: as little as a GET on aiohttp can do. It prints its port.

It keeps its receive buffers, as the service does. Otherwise it would need a third more.
"""

import asyncio

from aiohttp import web

from app.adapters.http.server.receive_buffers import keep_receive_buffers

from .answers import serve


async def hello(_: web.Request) -> web.Response:
    """Answer with a small JSON object."""
    return web.json_response({"greeting": "hello", "numbers": [1, 2, 3]})


if __name__ == "__main__":
    keep_receive_buffers()
    app = web.Application()
    app.router.add_get("/hello", hello)
    asyncio.run(serve(app))
