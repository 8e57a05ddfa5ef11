"""``/metrics``, on a port of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import hdrs, web

from .binding import ListeningSocket

_TEXT_FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text exposition format."""


@asynccontextmanager
async def metrics_page(sockets: Sequence[ListeningSocket], text: Callable[[], bytes]) -> AsyncIterator[None]:
    """Serve what ``text`` returns to whoever connects to the sockets, which are closed in the end.

    Workers share the sockets and each answers for all, so no connection stays with one that may leave.
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
            await web.SockSite(runner, each, backlog=1).start()
        yield
    finally:
        await runner.cleanup()
