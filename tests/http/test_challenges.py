"""``WWW-Authenticate`` (RFC 6750 §3) on guarded routes."""

import pytest

from .service import Service, Tokens

GUARDED = [
    ("GET", "/auth/me"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/AAAAAAAAAAAAAAAAAAAAAA"),
]

NO_TOKEN: dict[str, dict[str, str]] = {
    "no header": {},
    "empty": {"Authorization": ""},
    "Basic": {"Authorization": "Basic YWxpY2U6eA=="},
    "token without a scheme": {"Authorization": "eyJhbGciOiJSUzI1NiJ9.e30.AAAA"},
    "DPoP": {"Authorization": "DPoP eyJhbGciOiJSUzI1NiJ9.e30.AAAA"},
    "almost": {"Authorization": "Bearer: x"},
    "cookie": {"Cookie": "access_token=x"},
}

MALFORMED = [
    "",
    "x",
    "a.b",
    "a.b.c",
    "a.b.c.d",
    "..",
    " x",
    "x y",
    "eyJ9.e30.",
    "Bearer x",
    "\u00e9",
    '"x"',
    "x" * 8_000,
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_every_guarded_route_asks_for_a_token(service: Service, method: str, path: str) -> None:
    """Without a token, nothing behind the guard is reached."""
    assert (await service.ask(method, path)).problem == (401, "missing-token")


@pytest.mark.parametrize("headers", NO_TOKEN.values(), ids=NO_TOKEN)
async def test_who_presents_no_token_gets_a_bare_challenge(service: Service, headers: dict[str, str]) -> None:
    """No token, or another scheme: the challenge has no error code, as there was nothing wrong to tell of."""
    answer = await service.ask("GET", "/auth/me", headers=headers)
    assert answer.problem == (401, "missing-token")
    assert answer.headers.getall("WWW-Authenticate") == ["Bearer"]


@pytest.mark.parametrize("token", MALFORMED)
async def test_who_presents_something_else_is_told_its_format_is_wrong(service: Service, token: str) -> None:
    """A token was presented: the challenge says ``invalid_token``, body and challenge say why."""
    answer = await service.ask("GET", "/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.problem == (401, "invalid-token")
    assert answer.json()["detail"] == "Invalid token format"
    assert answer.headers.getall("WWW-Authenticate") == [
        'Bearer error="invalid_token", error_description="Invalid token format"'
    ]


@pytest.mark.parametrize("method_and_path", [*GUARDED, ("POST", "/auth/logout")])
async def test_two_authorization_headers_are_refused(
    service: Service, tokens: Tokens, method_and_path: tuple[str, str]
) -> None:
    """Even where both are good and the same: which of them counts would depend on who reads."""
    method, path = (part.encode() for part in method_and_path)
    header = b"Authorization: Bearer %s\r\n" % tokens.access.encode()
    answer = await service.send(b"%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n" % (method, path, header, header))
    assert answer.problem == (400, "invalid-request")
    assert (await service.me(tokens.access)).status == 200


async def test_a_token_elsewhere_is_not_looked_for(service: Service, tokens: Tokens) -> None:
    """Neither the query string nor a form is read (RFC 9700 §4.3.2)."""
    answer = await service.ask("GET", f"/auth/me?access_token={tokens.access}")
    assert answer.problem == (401, "missing-token")
    answer = await service.ask("GET", "/auth/me", data={"access_token": tokens.access})
    assert answer.problem == (401, "missing-token")
