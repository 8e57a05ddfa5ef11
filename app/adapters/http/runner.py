"""Running the application: it begins on our connections, and ends without cutting any."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from .access_log import ACCESS_LOG, AccessLog
from .connection import Server
from .listening import stop_listening
from .readiness import READINESS

BACKLOG: Final = 1_024
"""Connections that the kernel accepts ahead of us, at most."""

_KEEPALIVE_SECONDS: Final = 75
_IDLE_SECONDS: Final = 2.0
_STEP_SECONDS: Final = 0.02


class Runner(web.AppRunner):
    """Runs the application on our connections. gunicorn's aiohttp worker takes it in the place of an application."""

    def __init__(self, app: web.Application, *, shutdown_timeout: float, access_log: bool) -> None:
        super().__init__(
            app,
            shutdown_timeout=shutdown_timeout,
            access_log_class=AccessLog,
            access_log=ACCESS_LOG if access_log else None,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            auto_decompress=False,
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        options: dict[str, Any] = {**self._kwargs, "debug": False}
        self._server = Server(server.request_handler, request_factory=server.request_factory, **options)
        return self._server

    async def drain(self) -> None:
        """Stop listening, and let clients finish what they began: each answer closes its connection from now on.

        What the kernel has accepted is served. A connection on which no request comes within 2 seconds is closed;
        requests under way have the time of the shutdown.
        """
        server = self._server
        assert isinstance(server, Server)
        self.app[READINESS].draining = True
        for site in self.sites:
            await stop_listening(site, server)
        await _wait(lambda: not server.connections, _IDLE_SECONDS)
        server.close_idle()
        await _wait(lambda: not server.connections, self._shutdown_timeout)
        self._shutdown_timeout = _STEP_SECONDS


async def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds / _STEP_SECONDS)):
        if is_done():
            break
        await asyncio.sleep(_STEP_SECONDS)
