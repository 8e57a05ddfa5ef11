"""Properties of every answer."""

import re
from collections.abc import Awaitable, Callable

import pytest

from app.domain import base64url

from .service import JSON, Answer, Service, Tokens

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}

Ask = Callable[[Service, Tokens], Awaitable[Answer]]


async def _while_down(service: Service, tokens: Tokens) -> Answer:
    service.sessions.down = True
    return await service.refresh(tokens.refresh)


async def _with_bug(service: Service, tokens: Tokens) -> Answer:
    service.sessions.bug = ZeroDivisionError()
    return await service.refresh(tokens.refresh)


async def _not_modified(service: Service) -> Answer:
    return await service.ask("GET", "/.well-known/jwks.json", headers={"If-None-Match": "*"})


KINDS: dict[str, tuple[int, Ask]] = {
    "token response": (200, lambda service, _: service.login()),
    "HEAD": (200, lambda service, _: service.ask("HEAD", "/livez")),
    "no content": (204, lambda service, tokens: service.ask("POST", "/auth/logout", token=tokens.access)),
    "not modified": (304, lambda service, _: _not_modified(service)),
    "bad JSON": (400, lambda service, _: service.ask("POST", "/auth/login", data=b"{", headers=JSON)),
    "no HTTP": (400, lambda service, _: service.send(b"rubbish\r\n\r\n")),
    "no token": (401, lambda service, _: service.ask("GET", "/auth/me")),
    "bad token": (401, lambda service, _: service.me("rubbish")),
    "refused login": (401, lambda service, _: service.login("nobody")),
    "no such session": (404, lambda service, tokens: service.ask("DELETE", "/auth/sessions/x", token=tokens.access)),
    "no such path": (404, lambda service, _: service.ask("GET", "/nothing")),
    "wrong method": (405, lambda service, _: service.ask("PUT", "/auth/me")),
    "too large": (413, lambda service, _: service.ask("POST", "/auth/login", data=b" " * 16_385, headers=JSON)),
    "not JSON": (415, lambda service, _: service.ask("POST", "/auth/login", data=b"{}")),
    "expectation": (417, lambda service, _: service.send(b"GET /livez HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n")),
    "bug": (500, _with_bug),
    "store down": (503, _while_down),
}


@pytest.mark.parametrize(("status", "ask"), KINDS.values(), ids=KINDS)
async def test_every_answer_has_request_id_and_security_headers(
    service: Service, tokens: Tokens, status: int, ask: Ask
) -> None:
    """Answers of every kind have a random request id and the security headers."""
    answer = await ask(service, tokens)
    assert answer.status == status
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"])
    assert SECURITY_HEADERS.items() <= {name: answer.headers.get(name) for name in SECURITY_HEADERS}.items()
    assert answer.headers["Server"] == "keyturn"
    assert len(answer.headers.getall("X-Request-Id")) == 1


@pytest.mark.parametrize(("status", "ask"), [kind for kind in KINDS.values() if kind[0] >= 400])
async def test_every_error_is_a_problem(service: Service, tokens: Tokens, status: int, ask: Ask) -> None:
    """Every error is a problem (RFC 9457) that caches must not keep. A 5xx has the request id."""
    answer = await ask(service, tokens)
    assert answer.problem[0] == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json().get("request_id") == (answer.headers["X-Request-Id"] if status >= 500 else None)
    assert ("WWW-Authenticate" in answer.headers) == (status in (401, 403))


async def test_request_ids_are_unique(service: Service) -> None:
    """Each answer has its own id, and the service ignores an id that the client sends."""
    answers = [await service.ask("GET", "/livez", headers={"X-Request-Id": "mine"}) for _ in range(20)]
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 20
    assert "mine" not in ids


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/auth/login", "POST"),
        ("DELETE", "/auth/refresh", "POST"),
        ("PUT", "/auth/logout", "POST"),
        ("POST", "/auth/me", "GET,HEAD"),
        ("POST", "/auth/sessions", "DELETE,GET,HEAD"),
        ("GET", "/auth/sessions/" + base64url.encode(bytes(16)), "DELETE"),
        ("POST", "/.well-known/jwks.json", "GET,HEAD"),
        ("OPTIONS", "/livez", "GET,HEAD"),
    ],
)
async def test_wrong_method_gets_allow(service: Service, method: str, path: str, allowed: str) -> None:
    """405 lists the methods of the path in ``Allow`` (RFC 9110 §15.5.6)."""
    answer = await service.ask(method, path)
    assert answer.problem == (405, "method-not-allowed")
    assert answer.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/nothing", "/auth", "/auth/login/", "/AUTH/LOGIN", "/auth/sessions/a/b", "/auth/sessions/", "/%00"]
)
async def test_unknown_path_is_not_found(service: Service, path: str) -> None:
    """An unknown path gets 404, with or without a token."""
    for token in (None, "rubbish"):
        assert (await service.ask("GET", path, token=token)).problem == (404, "not-found")
