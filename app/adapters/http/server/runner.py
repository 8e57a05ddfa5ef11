"""Run the application on our connections, and end it without breaking a connection that has a request."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from .access_log import ACCESS_LOG, AccessLog
from .connection import Server
from .connection_limit import ConnectionLimit
from .door import DOOR
from .listening import ListeningSocket, stop_listening
from .readiness import READINESS
from .request_metrics import TELEMETRY

_ACCEPTED_AT_ONCE: Final = 1
"""The connections that one step of the event loop accepts. Between two steps, requests are served, and other processes
can accept from a shared socket.
"""

_KEEPALIVE_SECONDS: Final = 75
_LINGERING_SECONDS: Final = 2.0
_IDLE_SECONDS: Final = 2.0
_STEP_SECONDS: Final = 0.02


class Runner(web.AppRunner):
    """Runs the application on our connections, of which a client has no more than ``limit`` allows.

    ``shutdown_timeout`` and ``drain_delay`` are seconds.
    """

    def __init__(
        self,
        app: web.Application,
        *,
        shutdown_timeout: float,
        access_log: bool,
        drain_delay: float = 0.0,
        limit: ConnectionLimit | None = None,
    ) -> None:
        self._drain_delay = drain_delay
        self._limit = limit
        super().__init__(
            app,
            shutdown_timeout=shutdown_timeout,
            access_log_class=AccessLog,
            access_log=ACCESS_LOG if access_log else None,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            lingering_time=_LINGERING_SECONDS,
            auto_decompress=False,
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        options: dict[str, Any] = {**self._kwargs, "debug": False}
        self._server = Server(
            server.request_handler,
            telemetry=self.app[TELEMETRY],
            door=self.app.get(DOOR),
            request_factory=server.request_factory,
            **options,
        )
        return self._server

    async def listen(self, sockets: Sequence[ListeningSocket]) -> None:
        """Accept connections on the sockets. Raises ``ConfigurationError`` if another program listens there."""
        for each in sockets:
            each.limit = self._limit
            await web.SockSite(self, each, backlog=_ACCEPTED_AT_ONCE).start()

    async def drain(self) -> None:
        """Stop listening, and serve the requests of connected clients. From now on each response closes its connection.

        It first still listens for ``drain_delay``, so that a load balancer sees that the instance is not ready.
        Connections that the kernel has accepted are served. A connection without a request for 2 seconds is closed, and
        one whose client does not read is cut.
        Draining ends after ``shutdown_timeout`` at the latest.
        """
        server = self._server
        assert isinstance(server, Server)
        self.app[READINESS].draining = True
        server.close_door()
        await asyncio.sleep(self._drain_delay)
        for site in self.sites:
            await stop_listening(site, server, self._limit)
        idle = min(_IDLE_SECONDS, self._shutdown_timeout)
        await _wait_until_closed(server, idle)
        server.close_idle()
        server.cut_unread(idle)
        await _wait_until_closed(server, self._shutdown_timeout - idle)
        self._shutdown_timeout = _STEP_SECONDS


async def _wait_until_closed(server: web.Server, seconds: float) -> None:
    """Wait until no connection is open, but at most ``seconds``."""
    for _ in range(int(seconds / _STEP_SECONDS)):
        if not server.connections:
            break
        await asyncio.sleep(_STEP_SECONDS)
