"""Errors in the fields of JSON bodies."""

from unicodedata import normalize

import pytest

from .service import Service, Tokens

MISSING = object()
WRONG_TYPES: list[object] = [5, 1.5, True, [], ["alice"], {}, {"a": 1}]


async def field_errors(service: Service, path: str, members: dict[str, object]) -> dict[str, str]:
    """Return the field errors of a body, by field."""
    answer = await service.ask("POST", path, json={name: each for name, each in members.items() if each is not MISSING})
    assert answer.problem == (400, "invalid-request")
    errors = answer.json()["errors"]
    assert all(error.keys() == {"field", "message"} for error in errors)
    return {error["field"]: error["message"] for error in errors}


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", [MISSING, None])
async def test_missing_field(service: Service, field: str, value: object) -> None:
    """A member that is absent or null is missing."""
    members = {"username": "alice", "password": "x", field: value}
    assert await field_errors(service, "/auth/login", members) == {field: "is missing"}


@pytest.mark.parametrize("field", ["username", "password", "scope"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
async def test_field_of_another_type(service: Service, field: str, value: object) -> None:
    """No value is converted to a string."""
    members = {"username": "alice", "password": "x", field: value}
    assert await field_errors(service, "/auth/login", members) == {field: "must be a string"}


@pytest.mark.parametrize(
    ("field", "length", "message"),
    [
        ("username", 0, "must have 1 to 255 characters"),
        ("username", 256, "must have 1 to 255 characters"),
        ("password", 0, "must have 1 to 128 characters"),
        ("password", 129, "must have 1 to 128 characters"),
        ("scope", 1_025, "must have 0 to 1024 characters"),
    ],
)
async def test_field_of_a_wrong_length(service: Service, field: str, length: int, message: str) -> None:
    """Lengths count characters, not bytes. The limits themselves are allowed."""
    members: dict[str, object] = {"username": "alice", "password": "x", field: "\u00e9" * length}
    assert await field_errors(service, "/auth/login", members) == {field: message}
    members[field] = "\u00e9" * {0: 1, 256: 255, 129: 128, 1_025: 1_024}[length]
    answer = await service.ask("POST", "/auth/login", json=members)
    assert "errors" not in answer.json()


@pytest.mark.parametrize(("field", "limit"), [("username", 255), ("password", 128)])
@pytest.mark.parametrize(
    ("letter", "forms"),
    [("\u1f82", 4), ("\u00e9", 2), ("\u0958", 1), ("x", 1)],
    ids=["four characters for one", "two characters for one", "one character that NFC takes apart", "one"],
)
async def test_limits_do_not_depend_on_the_keyboard(
    service: Service, field: str, limit: int, letter: str, forms: int
) -> None:
    """As many letters are allowed when a client sends each as several characters, and one more is refused."""
    sent = normalize("NFD", letter) if forms > 1 else letter
    assert len(sent) == forms
    members: dict[str, object] = {"username": "alice", "password": "x", field: sent * limit}
    assert (await service.ask("POST", "/auth/login", json=members)).problem == (401, "invalid-credentials")
    members[field] = sent * (limit + 1)
    assert await field_errors(service, "/auth/login", members) == {field: f"must have 1 to {limit} characters"}


async def test_all_field_errors_are_returned_together(service: Service) -> None:
    """The errors do not repeat the values."""
    members: dict[str, object] = {"password": 5, "scope": ["canary"]}
    assert await field_errors(service, "/auth/login", members) == {
        "username": "is missing",
        "password": "must be a string",
        "scope": "must be a string",
    }


@pytest.mark.parametrize("value", [pytest.param(MISSING, id="missing"), None, "", *WRONG_TYPES], ids=str)
async def test_refresh_needs_a_token(service: Service, value: object) -> None:
    """Any other value of ``refresh_token`` is a field error."""
    assert (await field_errors(service, "/auth/refresh", {"refresh_token": value})).keys() == {"refresh_token"}


@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
async def test_logout_refuses_a_wrong_value_of_refresh_token(service: Service, tokens: Tokens, value: object) -> None:
    """A value of another type does not count as absent, even with a good access token in the header."""
    answer = await service.ask("POST", "/auth/logout", json={"refresh_token": value}, token=tokens.access)
    assert answer.problem == (400, "invalid-request")
    assert (await service.me(tokens.access)).status == 200
