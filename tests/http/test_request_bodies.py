"""The body's outside: its type, its size, its pace, its framing."""

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
    """With and without the charset, in each spelling that RFC 9110 §8.3.1 allows."""
    answer = await service.ask("POST", "/auth/login", data=LOGIN, headers={"Content-Type": content_type})
    assert answer.status == 200


@pytest.mark.parametrize("content_type", REFUSED)
async def test_every_other_type_is_refused(service: Service, content_type: str) -> None:
    """415, before the body is read in whatever way."""
    answer = await service.ask("POST", "/auth/login", data=LOGIN, headers={"Content-Type": content_type})
    assert answer.problem == (415, "unsupported-media-type")


async def test_no_type_is_refused(service: Service) -> None:
    """A body that does not say what it is might be anything."""
    answer = await service.send(
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(LOGIN), LOGIN)
    )
    assert answer.problem == (415, "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity", "rot13"])
async def test_an_encoded_body_is_refused(service: Service, encoding: str) -> None:
    """Nothing is unpacked here, so that nothing can grow when it is."""
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Encoding: "
    rest = b"%s\r\nContent-Length: %d\r\n\r\n%s" % (encoding.encode(), len(LOGIN), LOGIN)
    assert (await service.send(head + rest)).problem == (415, "unsupported-media-type")


async def chunks(size: int) -> AsyncIterator[bytes]:
    """Yield the login's body, filled up with spaces to ``size`` bytes: it is sent without a Content-Length."""
    yield LOGIN
    yield b" " * (size - len(LOGIN))


async def test_a_body_of_16_kib_is_read(service: Service) -> None:
    """The limit itself is allowed, with and without a Content-Length."""
    for body in (LOGIN.ljust(MAX_BYTES), chunks(MAX_BYTES)):
        assert (await service.ask("POST", "/auth/login", data=body, headers=JSON)).status == 200


async def test_a_larger_body_is_refused(service: Service) -> None:
    """One byte more is too much, with and without a Content-Length; a huge announcement is not waited for."""
    for body in (LOGIN.ljust(MAX_BYTES + 1), chunks(MAX_BYTES + 1)):
        answer = await service.ask("POST", "/auth/login", data=body, headers=JSON)
        assert answer.problem == (413, "payload-too-large")
    announced = (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )
    assert (await service.send(announced)).problem == (413, "payload-too-large")


@pytest.mark.parametrize("framing", [b"Content-Length: 60", b"Transfer-Encoding: chunked"])
async def test_a_slow_body_is_not_waited_for(start: Start, framing: bytes) -> None:
    """A client that never sends the rest gets 408."""
    service = await start(body_timeout=0.05)
    head = b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n\r\n" % framing
    assert (await service.send(head + b"1\r\n{\r\n")).problem == (408, "request-timeout")


async def test_a_wrongly_framed_body_is_refused(service: Service) -> None:
    """A chunk whose size is no number, sent after the head, gets 400 and not 500."""
    head = (
        b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = await service.send(head + b"1\r\n{\r\nzz\r\n")
    assert answer.problem == (400, "invalid-request")


@pytest.mark.parametrize("rest", [b"zz\r\n", b"1\r\n{}\r\n", b"1\r\n{\r\nzz\r\n"], ids=["size", "end", "second size"])
@pytest.mark.parametrize(
    ("path", "media_type"), [(b"/auth/login", b"json"), (b"/oauth/token", b"x-www-form-urlencoded")]
)
async def test_wrong_framing_that_comes_late(
    service: Service, log: LogLines, path: bytes, media_type: bytes, rest: bytes
) -> None:
    """Where the handler waits for the body already, its wait ends: with one answer, and with the connection."""
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


async def test_a_client_that_leaves_is_no_bug(service: Service, log: LogLines) -> None:
    """A connection lost in the middle of a body is the client's affair: nothing is logged as a fault of the service."""
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
