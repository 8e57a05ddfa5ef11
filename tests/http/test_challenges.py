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
async def test_guarded_routes_need_token(service: Service, method: str, path: str) -> None:
    """Every guarded route answers 401 without a token."""
    assert (await service.ask(method, path)).problem == (401, "missing-token")


@pytest.mark.parametrize("headers", NO_TOKEN.values(), ids=NO_TOKEN)
async def test_challenge_without_token_has_no_error(service: Service, headers: dict[str, str]) -> None:
    """Without a token, or with another scheme, the challenge is ``Bearer`` alone."""
    answer = await service.ask("GET", "/auth/me", headers=headers)
    assert answer.problem == (401, "missing-token")
    assert answer.headers.getall("WWW-Authenticate") == ["Bearer"]


@pytest.mark.parametrize("token", MALFORMED)
async def test_challenge_for_malformed_token(service: Service, token: str) -> None:
    """The challenge has ``invalid_token``. The body and the challenge have the description."""
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
    """Two headers get 400, even if both have the same valid token."""
    method, path = (part.encode() for part in method_and_path)
    header = b"Authorization: Bearer %s\r\n" % tokens.access.encode()
    answer = await service.send(b"%s %s HTTP/1.1\r\nHost: x\r\n%s%s\r\n" % (method, path, header, header))
    assert answer.problem == (400, "invalid-request")
    assert (await service.me(tokens.access)).status == 200


async def test_token_in_query_or_form_is_ignored(service: Service, tokens: Tokens) -> None:
    """A token in the query string or in a form does not count (RFC 9700 §4.3.2)."""
    answer = await service.ask("GET", f"/auth/me?access_token={tokens.access}")
    assert answer.problem == (401, "missing-token")
    answer = await service.ask("GET", "/auth/me", data={"access_token": tokens.access})
    assert answer.problem == (401, "missing-token")
