"""A plain aiohttp route that returns JSON: as little as a GET on aiohttp can do. It prints its port."""

import asyncio

from aiohttp import web

from .answers import serve


async def hello(_: web.Request) -> web.Response:
    """Answer with a small JSON object."""
    return web.json_response({"greeting": "hello", "numbers": [1, 2, 3]})


if __name__ == "__main__":
    app = web.Application()
    app.router.add_get("/hello", hello)
    asyncio.run(serve(app))
