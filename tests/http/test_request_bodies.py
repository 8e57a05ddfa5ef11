"""The type, the size, the speed and the framing of request bodies."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.adapters.http.requests.fields import MAX_BYTES

from .conftest import Start
from .log_lines import LogLines
from .service import JSON, Service

LOGIN = b'{"username": "alice", "password": "correct horse"}'

ACCEPTED = [
    "application/json",
    "Application/JSON",
    "application/json;charset=utf-8",
    "application/json; charset=utf-8",
    "application/json ; charset=UTF-8",
    'application/json; charset="utf-8"',
    "application/json;\tcharset=utf-8",
]

REFUSED = [
    "text/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/problem+json",
    "application/jsonx",
    "*/*",
    "",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/json; charset=",
    "application/json; charset=utf-7",
    "application/json; charset=rot13",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json, text/plain",
    "application/json; boundary=x",
    "\xff",
]


@pytest.mark.parametrize("content_type", ACCEPTED)
async def test_json_in_utf_8_is_accepted(service: Service, content_type: str) -> None:
    """The media type may have a charset parameter, in each spelling of RFC 9110 §8.3.1."""
    answer = await service.ask("POST", "/auth/login", data=LOGIN, headers={"Content-Type": content_type})
    assert answer.status == 200


@pytest.mark.parametrize("content_type", REFUSED)
async def test_other_media_types_are_refused(service: Service, content_type: str) -> None:
    """The response is 415."""
    answer = await service.ask("POST", "/auth/login", data=LOGIN, headers={"Content-Type": content_type})
    assert answer.problem == (415, "unsupported-media-type")


async def test_missing_content_type_is_refused(service: Service) -> None:
    """The response is 415."""
    answer = await service.send(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(LOGIN), LOGIN)
    )
    assert answer.problem == (415, "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity", "rot13"])
async def test_content_encoding_is_refused(service: Service, encoding: str) -> None:
    """The service decompresses nothing, so a small body cannot become a large one."""
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: "
    rest = b"%s\r\nContent-Length: %d\r\n\r\n%s" % (encoding.encode(), len(LOGIN), LOGIN)
    assert (await service.send(head + rest)).problem == (415, "unsupported-media-type")


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Yield the login's body, padded with spaces to ``size`` bytes. It is sent without ``Content-Length``."""
    yield LOGIN
    yield b" " * (size - len(LOGIN))


async def test_body_of_16_kib_is_accepted(service: Service) -> None:
    """The limit itself is allowed, with and without ``Content-Length``."""
    for body in (LOGIN.ljust(MAX_BYTES), chunks(MAX_BYTES)):
        assert (await service.ask("POST", "/auth/login", data=body, headers=JSON)).status == 200


async def test_larger_body_is_refused(service: Service) -> None:
    """One byte more gets 413, with and without ``Content-Length``. The service does not wait for a huge body."""
    for body in (LOGIN.ljust(MAX_BYTES + 1), chunks(MAX_BYTES + 1)):
        answer = await service.ask("POST", "/auth/login", data=body, headers=JSON)
        assert answer.problem == (413, "payload-too-large")
    announced = (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )
    assert (await service.send(announced)).problem == (413, "payload-too-large")


@pytest.mark.parametrize("framing", [b"Content-Length: 60", b"Transfer-Encoding: chunked"])
async def test_slow_body_gets_408(start: Start, framing: bytes) -> None:
    """A client that does not send the rest in time gets 408."""
    service = await start(body_timeout=0.05)
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n\r\n" % framing
    assert (await service.send(head + b"1\r\n{\r\n")).problem == (408, "request-timeout")


async def test_wrong_chunk_size_is_refused(service: Service) -> None:
    """A chunk size that is no number gets 400, not 500."""
    head = (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = await service.send(head + b"1\r\n{\r\nzz\r\n")
    assert answer.problem == (400, "invalid-request")


@pytest.mark.parametrize("rest", [b"zz\r\n", b"1\r\n{}\r\n", b"1\r\n{\r\nzz\r\n"], ids=["size", "end", "second size"])
@pytest.mark.parametrize(
    ("path", "media_type"), [(b"/auth/login", b"json"), (b"/oauth/token", b"x-www-form-urlencoded")]
)
async def test_wrong_framing_while_the_handler_reads(
    service: Service, log: LogLines, path: bytes, media_type: bytes, rest: bytes
) -> None:
    """The handler stops waiting. The client gets one response, and the connection is closed."""
    reader, writer = await asyncio.open_connection(service.host, service.port)
    try:
        writer.write(
            b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/%s\r\nExpect: 100-continue\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" % (path, media_type)
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(rest)
        answers = await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1
    assert [entry for entry in log.entries() if entry["level"] == "error"] == []


async def test_disconnect_while_sending_is_no_error(service: Service, log: LogLines) -> None:
    """A connection that is lost in the middle of a body is not logged as an error of the service."""
    reader, writer = await asyncio.open_connection(service.host, service.port)
    writer.write(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{"
    )
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert [entry for entry in log.of("keyturn.http") if entry["level"] == "error"] == []
    assert [entry["status"] for entry in log.of("keyturn.access") if entry["status"] >= 500] == []
