"""Serving the application: errors of the HTTP parser, and the way out."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from ...domain.errors import ConfigurationError
from .access_log import ACCESS_LOG, AccessLog
from .edge import dress, new_request_id
from .problem import http_problem, unreadable_request
from .readiness import READINESS

_LOG: Final = logging.getLogger("keyturn.http")

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_KEEPALIVE_SECONDS: Final = 75
_IDLE_SECONDS: Final = 2.0
_DRAIN_STEP_SECONDS: Final = 0.02
_BACKLOG: Final = 1_024
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class _Connection(RequestHandler):
    """One connection. aiohttp's own answer to what its parser refuses quotes the client's bytes; this one does not."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # aiohttp's signature; it quotes the client's bytes
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        request_id = new_request_id()
        fields = {"status": status, "kind": type(exc).__name__, "address": request.remote}
        _LOG.info("unreadable request", extra={"fields": fields})
        response = unreadable_request(status)
        dress(response, request_id)
        response.force_close()
        return response


class _Server(web.Server):
    """Makes our connections, and knows on which of them a request is under way."""

    def __init__(self, handler: _Handler, **options: Any) -> None:
        super().__init__(self._handle, **options)
        self._answer = handler
        self.busy: set[RequestHandler] = set()

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def close_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for connection in self.connections:
            if connection not in self.busy:
                connection.force_close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """An unknown ``Expect`` (RFC 9110 §10.1.1) is refused before any middleware; let that be our answer too."""
        connection = request.protocol
        self.busy.add(connection)
        try:
            return await self._answer(request)
        except web.HTTPException as error:
            response = http_problem(error)
            dress(response, new_request_id())
            return response
        finally:
            self.busy.discard(connection)


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
        self._server = _Server(server.request_handler, request_factory=server.request_factory, **options)
        return self._server

    async def drain(self) -> None:
        """Stop listening, and let clients finish what they began: each answer closes its connection from now on.

        What the kernel has accepted is served. A connection on which no request comes within 2 seconds is closed;
        requests under way have the time of the shutdown.
        """
        server = self._server
        assert isinstance(server, _Server)
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
        for _ in range(_BACKLOG):
            connection, _ = listening.accept()
            connection.settimeout(0)
            await asyncio.get_running_loop().connect_accepted_socket(server, connection)


async def _wait(is_done: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds / _DRAIN_STEP_SECONDS)):
        if is_done():
            break
        await asyncio.sleep(_DRAIN_STEP_SECONDS)


async def serve(runner: Runner, *, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then drain. ``announce`` is told the URL once requests are accepted.

    Raises ``ConfigurationError`` if the application cannot start or the address cannot be listened on.
    """
    stopped = _stop_signal()
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=_BACKLOG).start()
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host} port {port}: {error.strerror}. Set KEYTURN_HOST and KEYTURN_PORT to an"
                " address of this machine and a free port."
            ) from error
        announce(_url(runner))
        await stopped.wait()
        _LOG.info("draining")
        await runner.drain()
    finally:
        await runner.cleanup()


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        stopped.set()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    return stopped


def _url(runner: Runner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
