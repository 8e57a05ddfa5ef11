"""Errors below ``/oauth/`` that occur before a handler runs. They, too, have the body of RFC 6749 §5.2."""

import pytest

from app.adapters.http.server import edge

from .oauth import TOKEN, error
from .service import Service

HEAD = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize("path", [TOKEN, "/oauth/unknown"])
async def test_unknown_expectation_gets_417(service: Service, path: str) -> None:
    """The response has the format of OAuth, also for an unknown path."""
    answer = await service.send(f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n".encode())
    assert error(answer) == (417, "invalid_request")
    assert answer.json()["error_description"] == "The only supported expectation is 100-continue."


async def test_wrong_method_and_wrong_body(service: Service) -> None:
    """The response comes before the body: 405 with ``Allow``, 413 and 415."""
    wrong = await service.send(HEAD.replace(b"POST", b"DELETE") + b"\r\n")
    assert (error(wrong), wrong.headers["Allow"]) == ((405, "method_not_allowed"), "POST")
    large = await service.send(HEAD + b"Content-Length: 16385\r\n\r\n")
    assert error(large) == (413, "invalid_request")
    foreign = await service.send(HEAD.replace(b"x-www-form-urlencoded", b"json") + b"\r\n")
    assert error(foreign) == (415, "invalid_request")


async def test_bug_outside_the_middleware_gets_500(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The response has the format of the path."""

    def broken() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(edge, "new_request_id", broken)
    assert error(await service.send(HEAD + b"\r\n")) == (500, "server_error")
    assert (await service.send(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")).problem == (500, "server-error")


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"Bad : x\r\n\r\n", id="space before the colon"),
        pytest.param(b"X-Large: " + b"x" * 8_191 + b"\r\n\r\n", id="header over 8,190 bytes"),
        pytest.param(b"Content-Length: many\r\n\r\n", id="length no number"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nrubbish\r\n", id="wrong framing that comes with its head"),
    ],
)
async def test_unparsable_request_is_a_problem(service: Service, rest: bytes) -> None:
    """The parser does not tell the path, so the response is always a problem."""
    assert (await service.send(HEAD + rest)).problem == (400, "invalid-request")
