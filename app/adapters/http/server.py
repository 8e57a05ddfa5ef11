"""Serving the application: errors of the HTTP parser, and the way out."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
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
_DRAIN_SECONDS: Final = 2.0
_DRAIN_STEP_SECONDS: Final = 0.02
_BACKLOG: Final = 1_024


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
    """Makes our connections."""

    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the application on our connections. gunicorn's aiohttp worker takes it in the place of an application."""

    def __init__(self, app: web.Application, *, shutdown_timeout: float, access_log: bool) -> None:
        super().__init__(
            app,
            shutdown_timeout=shutdown_timeout,
            access_log_class=AccessLog,
            access_log=ACCESS_LOG if access_log else None,
            keepalive_timeout=_KEEPALIVE_SECONDS,
        )

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        handler = _answering_expectations(server.request_handler)
        options: dict[str, Any] = {**self._kwargs, "debug": False}
        return _Server(handler, request_factory=server.request_factory, **options)

    async def drain(self) -> None:
        """Stop listening, and let clients finish what they began: each answer closes its connection from now on.

        Connections on which no request comes within 2 seconds are left to ``cleanup``.
        """
        self.app[READINESS].draining = True
        for site in self.sites:
            await site.stop()
        for _ in range(int(_DRAIN_SECONDS / _DRAIN_STEP_SECONDS)):
            if self.server is None or not self.server.connections:
                break
            await asyncio.sleep(_DRAIN_STEP_SECONDS)


def _answering_expectations(handler: _Handler) -> _Handler:
    """An unknown ``Expect`` (RFC 9110 §10.1.1) is refused before any middleware runs; let that be our answer too."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            response = http_problem(error)
            dress(response, new_request_id())
            return response

    return handle


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

    def stop(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    return stopped


def _url(runner: Runner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
