"""Connections, below any application: errors of the HTTP parser, and which connections are idle."""

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
    """One connection. aiohttp's answer to what its parser refuses quotes the client's bytes; this one does not, and is
    a problem whatever the path, which the parser does not tell. ``telemetry`` is told of what no middleware sees.
    """

    def __init__(self, server: web.Server, *, telemetry: Telemetry, **options: Any) -> None:
        super().__init__(server, **options)
        self._telemetry = telemetry

    gives_up = False
    """Whether what is under way is cancelled when the client goes away."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request = self._current_request
        if request is not None and self._messages and isinstance(self._messages[0][0], _ErrInfo):
            self._give_up_body(request.content)

    def _give_up_body(self, body: StreamReader) -> None:
        """Tell who waits for the rest of ``body`` that none comes: it is wrongly framed, and aiohttp's parser has
        forgotten it. The request gets one answer, and the connection ends with it.
        """
        if not body.is_eof():
            self._messages.clear()
            body.set_exception(web.RequestPayloadError("The body is wrongly framed."))
            body.feed_eof()
            self.close()

    def connection_lost(self, exc: BaseException | None) -> None:
        under_way = self._task_handler if self.gives_up else None
        super().connection_lost(exc)
        if under_way is not None:
            under_way.cancel()

    @property
    def is_idle(self) -> bool:
        """Tell whether it waits for a request."""
        return self._waiter is not None and not self._waiter.done()

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
        self._telemetry.answered(method="", route="", status=response.status, seconds=0.0)
        return response


@contextmanager
def while_connected(request: web.Request) -> Iterator[None]:
    """Cancel what is done here if the client goes away: it costs much, and nobody misses it."""
    connection = request.protocol
    if not isinstance(connection, Connection):
        yield
        return
    connection.gives_up = True
    try:
        yield
    finally:
        connection.gives_up = False


class Server(web.Server):
    """Makes our connections."""

    def __init__(self, handler: _Handler, *, telemetry: Telemetry, **options: Any) -> None:
        super().__init__(self._handle, **options)
        self._answer = handler
        self._telemetry = telemetry

    def __call__(self) -> RequestHandler:
        return Connection(self, telemetry=self._telemetry, loop=self._loop, **self._kwargs)

    def close_idle(self) -> None:
        """Close the connections on which nothing is under way."""
        for connection in self.connections:
            if isinstance(connection, Connection) and connection.is_idle:
                connection.force_close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """An unknown ``Expect`` (RFC 9110 §10.1.1) is refused before any middleware; let that be our answer too."""
        try:
            return await self._answer(request)
        except web.HTTPException as error:
            request_id = new_request_id()
            response = http_error_response(error, path=request.path)
            add_headers(response, request_id)
            self._telemetry.answered(method=request.method, route="", status=response.status, seconds=0.0)
            return response
