"""A connection without a complete request is closed, so that it does not hold a file descriptor for ever."""

import asyncio
from contextlib import closing

import pytest

from app.adapters.http.server import runner

from .conftest import Start

PARTS = {
    "nothing": b"",
    "half a header": b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    "a request, then half of another": b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /livez",
}


@pytest.mark.parametrize("sent", PARTS.values(), ids=PARTS)
async def test_a_connection_without_a_request_is_closed(
    start: Start, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """It is closed after the keep-alive timeout, whether it sent nothing or a part of a request."""
    monkeypatch.setattr(runner, "_KEEPALIVE_SECONDS", 1)
    service = await start()
    reader, writer = await asyncio.open_connection(service.host, service.port)
    with closing(writer):
        writer.write(sent)
        async with asyncio.timeout(20):
            answered = await reader.read()
    assert answered.count(b"HTTP/1.1 200 OK") == sent.count(b"\r\n\r\n")
