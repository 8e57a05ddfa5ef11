"""The access log."""

import pytest

from .log_lines import LogLines
from .service import Service, Tokens

MEMBERS = {"time", "level", "logger", "message", "request_id", "method", "route", "status", "milliseconds", "address"}


@pytest.mark.parametrize(
    ("request_line", "route", "status"),
    [
        ("GET /livez?token=x", "/livez", 200),
        ("GET /auth/me", "/auth/me", 401),
        ("DELETE /auth/sessions/AAAAAAAAAAAAAAAAAAAAAA", "/auth/sessions/{sid}", 401),
        ("GET /somewhere/else?a=b", "(no route)", 404),
        ("PUT /auth/me", "(no route)", 405),
    ],
)
async def test_response_is_one_line(
    log: LogLines, service: Service, request_line: str, route: str, status: int
) -> None:
    """The line has the pattern of the route instead of the path, no query string, and the request id."""
    method, path = request_line.split()
    answer = await service.ask(method, path)
    [entry] = log.of("keyturn.access")
    assert entry.keys() == MEMBERS
    assert (entry["method"], entry["route"], entry["status"]) == (method, route, status)
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert entry["address"] == "127.0.0.1"
    assert entry["milliseconds"] >= 0


async def test_every_response_has_a_line(log: LogLines, service: Service, tokens: Tokens) -> None:
    """The lines are in the order of the responses, each with its own request id."""
    answers = [await service.me(tokens.access), await service.me("x"), await service.refresh(tokens.refresh)]
    entries = log.of("keyturn.access")[-3:]
    assert [entry["status"] for entry in entries] == [200, 401, 200]
    assert [entry["request_id"] for entry in entries] == [answer.headers["X-Request-Id"] for answer in answers]


@pytest.mark.parametrize("raw", [b"rubbish\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n"])
async def test_unreadable_request_is_one_line(log: LogLines, service: Service, raw: bytes) -> None:
    """An unreadable request has a line with its request id, and nothing is logged as an error."""
    answer = await service.send(raw)
    [entry] = log.of("keyturn.access")
    assert (entry["status"], entry["route"]) == (400, "(no route)")
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert {"error", "critical"}.isdisjoint(each["level"] for each in log.entries())


async def test_tls_is_one_line_that_says_so(log: LogLines, service: Service) -> None:
    """Whoever asks the http port by https finds one line in the log, which says what is wrong."""
    answer = await service.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 64)
    assert answer.status == 400
    [entry] = [each for each in log.entries() if each["logger"] in {"keyturn.http", "keyturn.access"}]
    assert entry["message"] == "this looks like TLS; Keyturn speaks http here"
    assert entry["address"] == "127.0.0.1"
