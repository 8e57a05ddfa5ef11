"""``/metrics``, on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import hdrs, web

from .connection_limit import ConnectionLimit
from .listening import ListeningSocket

_TEXT_FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text exposition format."""


@asynccontextmanager
async def metrics_page(
    sockets: Sequence[ListeningSocket], text: Callable[[], bytes], limit: ConnectionLimit | None = None
) -> AsyncIterator[None]:
    """Serve the result of ``text`` on the sockets to the clients that ``limit`` allows, and close them at the end.

    Workers share the sockets, and each worker serves the metrics of all. Every response closes its connection, so that
    no client stays connected to a worker that ends.
    """

    async def metrics(_: web.Request) -> web.Response:
        response = web.Response(body=await asyncio.to_thread(text), headers={hdrs.CONTENT_TYPE: _TEXT_FORMAT})
        response.force_close()
        return response

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app, access_log=None)
    try:
        await runner.setup()
        for each in sockets:
            each.limit = limit
            await web.SockSite(runner, each, backlog=1).start()
        yield
    finally:
        await runner.cleanup()
