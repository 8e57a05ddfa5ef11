"""Requests that no HTTP library would send: the service answers them itself, and never with 500."""

import pytest

from .service import Service

HEAD = b"GET /auth/me HTTP/1.1\r\nHost: x\r\n"

UNREADABLE: dict[str, bytes] = {
    "NUL in a header": HEAD + b"Authorization: Bearer a\x00b\r\n\r\n",
    "bare CR in a header": HEAD + b"Authorization: Bearer a\rb\r\n\r\n",
    "folded header": HEAD + b"Authorization: Bearer\r\n token\r\n\r\n",
    "header over 8,190 bytes": HEAD + b"Authorization: Bearer " + b"x" * 8_190 + b"\r\n\r\n",
    "header of 100 KB": HEAD + b"Authorization: Bearer " + b"x" * 100_000 + b"\r\n\r\n",
    "path over 8,190 bytes": b"GET /" + b"x" * 8_190 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "200 headers": HEAD + b"X-Y: z\r\n" * 200 + b"\r\n",
    "header without a colon": HEAD + b"Authorization Bearer x\r\n\r\n",
    "space before the colon": HEAD + b"Authorization : Bearer x\r\n\r\n",
    "non-ASCII header name": HEAD + b"Autor\xefzation: Bearer x\r\n\r\n",
    "unknown method": b"LOOK /auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
    "non-ASCII path": b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "broken URL": b"GET http://[x HTTP/1.1\r\nHost: x\r\n\r\n",
    "impossible port": b"GET http://x:99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown version": b"GET /auth/me HTTP/9.9\r\nHost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 64,
    "no host": b"GET /auth/me HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /auth/me HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "length no number": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
    "length negative": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length and chunks": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "unknown transfer encoding": b"POST /auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
}

NO_TOKEN: dict[str, bytes] = {
    "none": b"",
    "empty": b"Authorization:\r\n",
    "spaces": b"Authorization:   \r\n",
    "another scheme": b"Authorization: Basic eDp5\r\n",
    "only bytes": b"Authorization: \xff\xfe\xfd\r\n",
    "tab": b"Authorization: Bearer\tx\r\n",
}

MALFORMED: dict[str, bytes] = {
    "scheme alone": b"Authorization: Bearer\r\n",
    "non-ASCII": b"Authorization: Bearer \xff\xfe\xc3\xa9\r\n",
    "UTF-8": "Authorization: Bearer \u2028\U0001f511\r\n".encode(),
    "8,000 bytes": b"Authorization: Bearer " + b"x" * 8_000 + b"\r\n",
    "8,000 dots": b"Authorization: Bearer " + b"." * 8_000 + b"\r\n",
    "control characters": b"Authorization: Bearer a\x01\x1b[31m\x7fb\r\n",
    "quotes": b'Authorization: Bearer "a", error="b"\r\n',
    "two tokens": b"Authorization: Bearer a, Bearer b\r\n",
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_request_gets_our_400(service: Service, raw: bytes) -> None:
    """The answer is always the same problem, and quotes no byte of the request."""
    answer = await service.send(raw)
    assert answer.problem == (400, "invalid-request")
    assert answer.json()["detail"] == "This is not an HTTP request, or its target or a header is too large."


@pytest.mark.parametrize("path", [b"/auth/login", b"/auth/logout", b"/oauth/revoke", b"/livez", b"/nowhere"])
@pytest.mark.parametrize("zeros", [20, 4_299, 4_300, 8_000])
async def test_length_of_many_digits(service: Service, path: bytes, zeros: int) -> None:
    """A length with leading zeros is a number for the parser, but too long to be converted. It gets 400, not 500."""
    head = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %s2\r\n\r\n{}"
    answer = await service.send(head % (path, b"0" * zeros))
    assert answer.status == 400
    assert b"Content-Length has too many digits." in answer.body


@pytest.mark.parametrize("header", NO_TOKEN.values(), ids=NO_TOKEN)
async def test_header_without_token(service: Service, header: bytes) -> None:
    """A header without a token gets 401, like no header."""
    answer = await service.send(HEAD + header + b"\r\n")
    assert answer.problem == (401, "missing-token")


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_tokens(service: Service, header: bytes) -> None:
    """A malformed token gets 401, or 400 if the parser refuses the bytes."""
    answer = await service.send(HEAD + header + b"\r\n")
    assert answer.problem in [(401, "invalid-token"), (400, "invalid-request")]


async def test_every_byte_in_token(service: Service) -> None:
    """Each of the 256 bytes inside a token gets 401 or 400."""
    for number in range(256):
        answer = await service.send(HEAD + b"Authorization: Bearer a%cb\r\n\r\n" % number)
        assert answer.problem in [(401, "invalid-token"), (400, "invalid-request")], number


@pytest.mark.parametrize(
    "raw",
    [
        b"GET //[ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET //auth/me HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%zz%ff?%ff=%00 HTTP/1.1\r\nHost: [\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://elsewhere.example/unknown HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_unusual_targets_are_not_found(service: Service, raw: bytes) -> None:
    """A readable target that is no path of the service gets 404."""
    assert (await service.send(raw)).problem == (404, "not-found")
