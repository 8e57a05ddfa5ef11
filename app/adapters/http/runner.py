"""Running the application: it begins on our connections, and ends without cutting any."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web

from .access_log import ACCESS_LOG, AccessLog
from .connection import Server
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
            listening = _duplicates(site)
            await site.stop()
            for each in listening:
                await _serve_queue(each, server)
        await _wait(lambda: not server.connections, _IDLE_SECONDS)
        server.close_idle()
        await _wait(lambda: not server.busy, self._shutdown_timeout)


def _duplicates(site: web.BaseSite) -> list[socket.socket]:
    """Return second handles of a site's listening sockets, which go on when the site closes its own."""
    server: Any = site._server  # noqa: SLF001  # as aiohttp's own list of addresses finds them
    return [socket.socket(fileno=os.dup(each.fileno())) for each in server.sockets]


async def _serve_queue(listening: socket.socket, server: web.Server) -> None:
    """Serve the connections that the kernel has accepted, then stop listening, which would have reset them."""
    listening.settimeout(0)
    with listening, suppress(BlockingIOError):
        for _ in range(BACKLOG):
            connection, _ = listening.accept()
            connection.settimeout(0)
            await asyncio.get_running_loop().connect_accepted_socket(server, connection)


async def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds / _STEP_SECONDS)):
        if is_done():
            break
        await asyncio.sleep(_STEP_SECONDS)
