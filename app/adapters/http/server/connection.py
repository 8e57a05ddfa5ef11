"""Connections, below the application: errors of the HTTP parser, idle connections, clients that send too much, do not
read or disconnect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final, cast

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import BadHttpMethod
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from ....ports.telemetry import Telemetry
from ...errors.aiohttp import bug_response, http_error_response, unreadable_request_response
from ..requests.client_address import peer_address
from ..response_headers import add_headers, new_request_id
from .access_log import mark_logged
from .door import Door
from .framing import UNKNOWN, KnownHead, is_whole_get, missing_bytes
from .pipelining import PipelineTurns
from .unread_output import UnreadOutput

_LOG: Final = logging.getLogger("keyturn.http")

_TLS_HANDSHAKE: Final = "Received HTTPS traffic"
"""The beginning of the message of aiohttp's parser about the first bytes of a TLS connection."""

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connection(RequestHandler):
    """One connection.

    If aiohttp's parser refuses a request, aiohttp's response quotes the client's bytes. This class sends a problem (RFC
    9457) instead. It does so at every path, because the path of an unreadable request is not known. ``telemetry``
    counts responses that no middleware sees. ``door`` may refuse a request before it is parsed. ``unread`` has the
    connections whose clients do not read.
    """

    cancels_on_disconnect = False
    """Whether the current handler is cancelled when the client disconnects."""

    def __init__(
        self, server: web.Server, *, telemetry: Telemetry, door: Door | None, unread: UnreadOutput, **options: Any
    ) -> None:
        super().__init__(server, **options)
        self._telemetry = telemetry
        self._door = door
        self._unread = unread
        self._missing = 0
        self._known_head = KnownHead()
        self._comes_in = False
        self._was_followed = False

    @property
    def is_idle(self) -> bool:
        """Return whether the connection waits for a request."""
        return self._waiter is not None and not self._waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        cast("asyncio.Transport", transport).set_write_buffer_limits(high=0)  # paused as soon as the kernel is full

    def data_received(self, data: bytes) -> None:
        if data and self._door is not None and self._is_refused(data):  # aiohttp calls it with b"" to parse the rest
            return
        super().data_received(data)
        request = self._current_request
        if request is not None and self._messages and isinstance(self._messages[0][0], _ErrInfo):
            self._fail_body(request.content)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self.transport is not None:
            self._unread.remove(self.transport)
        self.came_in()
        handler = self._task_handler if self.cancels_on_disconnect else None
        super().connection_lost(exc)
        if handler is not None:
            handler.cancel()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.transport is not None:
            self._unread.add(self.transport)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.transport is not None:
            self._unread.remove(self.transport)

    def is_pipelined(self) -> bool:
        """Return whether the request that is handled now came together with others. It is asked once for each."""
        is_followed = bool(self._messages)
        was_followed, self._was_followed = self._was_followed, is_followed
        return is_followed or was_followed

    async def wait_until_read(self) -> None:
        """Return when the client has read the responses so far. Raises ``CancelledError`` if it never does."""
        try:
            await self._drain_helper()
        except ConnectionError as error:
            raise asyncio.CancelledError from error

    def leave_door(self) -> None:
        """Answer every request in full from now on."""
        self.came_in()
        self._door = None

    def came_in(self) -> None:
        """Tell the door that a request that may come in is handled now, or will not be."""
        if self._comes_in and self._door is not None:
            self._comes_in = False
            self._door.came_in()

    def _is_refused(self, data: bytes) -> bool:
        """Return whether ``data`` is a whole request that is refused. It is answered then.

        Where a request ends is known as long as each chunk ends where a request or its body ends.
        """
        assert self._door is not None
        if self._missing:
            self._missing = max(UNKNOWN, self._missing - len(data)) if self._missing > 0 else UNKNOWN
            return False
        if is_whole_get(data):
            return False
        if not self._known_head.is_repeated_by(data):
            self._missing = missing_bytes(data)
            if not self._missing:
                self._known_head.remember(data)
        if self._missing or not self.is_idle or self._messages or self._close or self._force_close:
            return False
        answer = self._door.answer(data)
        if answer is None:
            return False
        if not answer:
            self._comes_in = True
            return False
        assert self.transport is not None
        self.transport.write(answer)
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        return True

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
            _log_unreadable(request, status, exc)
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


def _log_unreadable(request: web.BaseRequest, status: int, error: BaseException | None) -> None:
    """Log the kind of the fault, without the client's bytes. Those of a TLS handshake (RFC 8446 §5.1) are named."""
    address = peer_address(request)
    if isinstance(error, BadHttpMethod) and error.message.startswith(_TLS_HANDSHAKE):
        mark_logged(request)
        _LOG.info("this looks like TLS; Keyturn speaks http here", extra={"fields": {"address": address}})
        return
    fields = {"status": status, "kind": type(error).__name__, "address": address}
    _LOG.info("unreadable request", extra={"fields": fields})


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

    def __init__(self, handler: _Handler, *, telemetry: Telemetry, door: Door | None = None, **options: Any) -> None:
        super().__init__(self._handle, **options)
        self._application_handler = handler
        self._telemetry = telemetry
        self._door = door
        self._unread = UnreadOutput()
        self._pipeline_turns = PipelineTurns()

    def __call__(self) -> RequestHandler:
        return Connection(
            self,
            telemetry=self._telemetry,
            door=self._door,
            unread=self._unread,
            loop=self._loop,
            **self._kwargs,
        )

    def close_door(self) -> None:
        """Refuse no more requests before they are parsed: each response is to close its connection."""
        self._door = None
        for connection in self.connections:
            if isinstance(connection, Connection):
                connection.leave_door()

    def close_idle(self) -> None:
        """Close the connections that wait for a request."""
        for connection in self.connections:
            if isinstance(connection, Connection) and connection.is_idle:
                connection.force_close()

    def cut_unread(self, seconds: float) -> None:
        """Cut the connections whose clients have read nothing for ``seconds``."""
        self._unread.cut_after(seconds)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. aiohttp refuses an unknown ``Expect`` before any middleware runs (RFC 9110 §10.1.1)."""
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.came_in()
        if connection.writing_paused:
            await connection.wait_until_read()
        if connection.is_pipelined():
            await self._pipeline_turns.take()
        try:
            return await self._application_handler(request)
        except web.HTTPException as error:
            request_id = new_request_id()
            response = http_error_response(error, path=request.path)
            add_headers(response, request_id)
            self._telemetry.request_answered(method=request.method, route="", status=response.status, seconds=0.0)
            return response
