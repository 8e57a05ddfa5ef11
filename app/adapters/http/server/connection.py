"""Connections, below the application: errors of the HTTP parser, idle connections, clients that disconnect."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from ....ports.telemetry import Telemetry
from ...errors.aiohttp import bug_response, http_error_response, unreadable_request_response
from .edge import add_headers, new_request_id

_LOG: Final = logging.getLogger("keyturn.http")

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connection(RequestHandler):
    """One connection.

    If aiohttp's parser refuses a request, aiohttp's response quotes the client's bytes. This class sends a problem (RFC
    9457) instead. It does so at every path, because the path of an unreadable request is not known. ``telemetry``
    counts responses that no middleware sees.
    """

    cancels_on_disconnect = False
    """Whether the current handler is cancelled when the client disconnects."""

    def __init__(self, server: web.Server, *, telemetry: Telemetry, **options: Any) -> None:
        super().__init__(server, **options)
        self._telemetry = telemetry

    @property
    def is_idle(self) -> bool:
        """Return whether the connection waits for a request."""
        return self._waiter is not None and not self._waiter.done()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request = self._current_request
        if request is not None and self._messages and isinstance(self._messages[0][0], _ErrInfo):
            self._fail_body(request.content)

    def connection_lost(self, exc: BaseException | None) -> None:
        handler = self._task_handler if self.cancels_on_disconnect else None
        super().connection_lost(exc)
        if handler is not None:
            handler.cancel()

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
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            fields = {"status": status, "kind": type(exc).__name__, "address": request.remote}
            _LOG.info("unreadable request", extra={"fields": fields})
            response = unreadable_request_response()
        else:
            _LOG.error("bug", exc_info=exc)
            response = bug_response(path=request.path)
        add_headers(response, request_id)
        response.force_close()
        self._telemetry.request_answered(method="", route="", status=response.status, seconds=0.0)
        return response

    def _fail_body(self, body: StreamReader) -> None:
        """End a body that is wrongly framed: aiohttp's parser reads no more of it, so a handler would wait forever.

        The client gets one response, then the connection closes.
        """
        if not body.is_eof():
            self._messages.clear()
            body.set_exception(web.RequestPayloadError("The body is wrongly framed."))
            body.feed_eof()
            self.close()


@contextmanager
def while_connected(request: web.Request) -> Iterator[None]:
    """Cancel the block if the client disconnects. It is for work that is expensive and useless without the client."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        yield
        return
    connection.cancels_on_disconnect = True
    try:
        yield
    finally:
        connection.cancels_on_disconnect = False


class Server(web.Server):
    """Creates a ``Connection`` for each client."""

    def __init__(self, handler: _Handler, *, telemetry: Telemetry, **options: Any) -> None:
        super().__init__(self._handle, **options)
        self._application_handler = handler
        self._telemetry = telemetry

    def __call__(self) -> RequestHandler:
        return Connection(self, telemetry=self._telemetry, loop=self._loop, **self._kwargs)

    def close_idle(self) -> None:
        """Close the connections that wait for a request."""
        for connection in self.connections:
            if isinstance(connection, Connection) and connection.is_idle:
                connection.force_close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. aiohttp refuses an unknown ``Expect`` before any middleware runs (RFC 9110 §10.1.1)."""
        try:
            return await self._application_handler(request)
        except web.HTTPException as error:
            request_id = new_request_id()
            response = http_error_response(error, path=request.path)
            add_headers(response, request_id)
            self._telemetry.request_answered(method=request.method, route="", status=response.status, seconds=0.0)
            return response
