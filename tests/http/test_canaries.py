"""No answer and no log line contains a secret that a client sent, wherever the client put it."""

import pytest

from .conftest import Start
from .log_lines import LogLines
from .service import JSON, Answer, Service, Tokens

CANARY = "CANARY5ecret"
BYTES = CANARY.encode()

HEAD = b"Host: x\r\nConnection: close\r\n"
POST = b"POST /auth/login HTTP/1.1\r\nContent-Type: application/json\r\n" + HEAD

REQUESTS: dict[str, bytes] = {
    "NUL after it": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\x00\r\n\r\n" % BYTES,
    "CR after it": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\rx\r\n\r\n" % BYTES,
    "too long": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\r\n\r\n" % (BYTES * 2_000),
    "non-ASCII after it": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\xff\r\n\r\n" % BYTES,
    "as a token": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\r\n\r\n" % BYTES,
    "as a password": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Basic %s\r\n\r\n" % BYTES,
    "as a scheme": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: %s\r\n\r\n" % BYTES,
    "twice": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"Authorization: Bearer %s\r\n\r\n" % BYTES * 2,
    "as a header name": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b"%s \xff: x\r\n\r\n" % BYTES,
    "as a line": b"GET /auth/me HTTP/1.1\r\n%s\r\n\r\n" % BYTES,
    "in a cookie": b"GET /auth/me HTTP/1.1\r\n" + HEAD + b'Cookie: \xff%s="\r\n\r\n' % BYTES,
    "in the path": b"GET /%s HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "in a path of ours": b"DELETE /auth/sessions/%s HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "in a broken path": b"GET /%s\xff HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "in a long path": b"GET /%s HTTP/1.1\r\n" % (BYTES * 2_000) + HEAD + b"\r\n",
    "in a broken URL": b"GET http://[%s HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "in the query": b"GET /auth/me?access_token=%s HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "in the host": b"GET /auth/me HTTP/1.1\r\nConnection: close\r\nHost: [%s\r\n\r\n" % BYTES,
    "as a method": b"%s /auth/me HTTP/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "as a version": b"GET /auth/me %s/1.1\r\n" % BYTES + HEAD + b"\r\n",
    "as an expectation": b"GET /livez HTTP/1.1\r\n" + HEAD + b"Expect: %s\r\n\r\n" % BYTES,
    "as an ETag": b"GET /.well-known/jwks.json HTTP/1.1\r\n" + HEAD + b'If-None-Match: "%s\r\n\r\n' % BYTES,
    "as a request id": b"GET /livez HTTP/1.1\r\n" + HEAD + b"X-Request-Id: %s\r\n\r\n" % BYTES,
    "as a length": POST + b"Content-Length: %s\r\n\r\n" % BYTES,
    "as a coding": POST + b"Content-Encoding: %s\r\nContent-Length: 2\r\n\r\n{}" % BYTES,
    "as a packed body": POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BYTES), BYTES),
    "as a chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n%s\r\n" % BYTES,
    "as a body": POST + b"Content-Length: %d\r\n\r\n%s" % (len(BYTES), BYTES),
    "in place of HTTP": b"%s\r\n\r\n" % BYTES,
}

BODIES: dict[str, str] = {
    "password": f'{{"username": "alice", "password": "{CANARY}"}}',
    "username": f'{{"username": "{CANARY}", "password": "x"}}',
    "cut": f'{{"username": "alice", "password": "{CANARY}',
    "duplicate": f'{{"{CANARY}": 1, "{CANARY}": 1, "username": "alice", "password": "x"}}',
    "wrong type": f'{{"username": ["{CANARY}"], "password": {{"{CANARY}": 1}}}}',
    "too long": f'{{"username": "alice", "password": "{CANARY * 20}"}}',
    "scope": f'{{"username": "alice", "password": "correct horse", "scope": "{CANARY}"}}',
    "refresh token": f'{{"refresh_token": "{CANARY}"}}',
    "like a refresh token": f'{{"refresh_token": "ktr_{CANARY:A<87}"}}',
}


def assert_canary_is_absent(log: LogLines, *answers: Answer) -> None:
    """Check that neither the answers nor the log contain the canary, in any case."""
    for answer in answers:
        assert BYTES.lower() not in answer.body.lower()
        assert CANARY.lower() not in str(answer.headers).lower()
    assert log.lines
    assert CANARY.lower() not in log.text().lower()


@pytest.mark.parametrize("raw", REQUESTS.values(), ids=REQUESTS)
async def test_no_part_of_request_is_repeated(log: LogLines, service: Service, raw: bytes) -> None:
    """Neither the answer nor the log contains any part of a request."""
    assert_canary_is_absent(log, await service.send(raw))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_no_part_of_body_is_repeated(log: LogLines, service: Service, body: str) -> None:
    """Neither the answers nor the log, including audit events, contain any part of a body."""
    paths = ("/auth/login", "/auth/refresh", "/auth/logout")
    assert_canary_is_absent(log, *[await service.ask("POST", path, data=body, headers=JSON) for path in paths])


async def test_no_new_password_is_repeated(log: LogLines, service: Service, tokens: Tokens) -> None:
    """A new password appears nowhere, whether it is accepted or refused."""
    root = await service.create_user("root", scope="account keyturn:admin")
    admin = (await service.sign_in("root")).access
    bodies: list[dict[str, str]] = [
        {"current_password": CANARY, "new_password": CANARY},
        {"current_password": "correct horse", "new_password": CANARY * 20},
        {"current_password": "correct horse", "new_password": CANARY},
    ]
    answers = [await service.ask("PUT", "/auth/password", token=tokens.access, json=body) for body in bodies]
    assert [each.status for each in answers] == [403, 400, 204]
    for method, path, body in (
        ("POST", "/admin/users", {"username": "bob", "password": CANARY}),
        ("POST", "/admin/users", {"username": "bob", "password": CANARY}),
        ("PUT", f"/admin/users/{root.subject}/password", {"new_password": CANARY * 20}),
        ("PUT", f"/admin/users/{root.subject}/password", {"new_password": CANARY}),
    ):
        answers.append(await service.ask(method, path, token=admin, json=body))
    assert [each.status for each in answers[3:]] == [201, 409, 400, 204]
    assert_canary_is_absent(log, *answers)


async def test_no_token_is_logged(log: LogLines, service: Service, tokens: Tokens) -> None:
    """The log has no valid token: refreshed, replayed, reused, revoked, or in the text of an exception."""
    successor = await service.rotate(tokens)
    await service.refresh(tokens.refresh)
    service.sessions.bug = RuntimeError(f"row {tokens.refresh} for {tokens.access}")
    for answer in (
        await service.refresh(successor.refresh),
        await service.ask("GET", "/auth/sessions", token=tokens.access),
    ):
        assert answer.status == 500
        assert tokens.refresh.encode() not in answer.body
    service.sessions.bug = None
    await service.ask("POST", "/auth/logout", token=successor.access)
    for secret in (tokens.access, tokens.refresh, successor.access, successor.refresh, tokens.access.split(".")[2]):
        assert secret not in log.text()


async def test_metrics_have_no_part_of_request(start: Start) -> None:
    """``/metrics`` contains no path, method, username or token of a client."""
    service = await start(metrics_port=0)
    for raw in REQUESTS.values():
        await service.send(raw)
    for body in BODIES.values():
        for path in ("/auth/login", "/auth/refresh", "/auth/logout"):
            await service.ask("POST", path, data=body, headers=JSON)
    tokens = await service.sign_in()
    await service.rotate(tokens)
    text = (await service.scrape()).lower()
    assert (await service.metrics()).total("http_requests_total") > len(REQUESTS)
    assert CANARY.lower() not in text
    for secret in ("alice", tokens.access, tokens.refresh, service.host):
        assert secret.lower() not in text
