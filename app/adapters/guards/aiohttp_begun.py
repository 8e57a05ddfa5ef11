"""A response that had begun when the guard refused its request: the connection is closed."""

from typing import Final

from aiohttp import web

_CONTINUE: Final = len(b"HTTP/1.1 100 Continue\r\n\r\n")
"""The bytes that aiohttp sends before a response, if the client expects them (RFC 9110 §15.2.1)."""


class CutResponse(web.StreamResponse):
    """Stands for the rest of a response that had begun. It writes nothing. Its status is that of the refusal, which
    only the log of the server has.
    """

    async def prepare(self, request: web.BaseRequest) -> None:
        """Write nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing."""


def has_begun(request: web.Request) -> bool:
    """Return whether a response to the request was prepared or sent."""
    writer = request.writer
    return writer.output_size > _CONTINUE or writer.length is not None or getattr(writer, "chunked", False)


def cut(request: web.Request, *, status: int) -> CutResponse:
    """Close the connection, so that the client sees that the response is not complete. Return what stands for it.

    Another status line would be read as a part of the body that has begun (RFC 9112 §6.3).
    """
    request.protocol.force_close()
    response = CutResponse(status=status)
    response.force_close()
    return response
