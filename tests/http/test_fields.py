"""Members that are missing or wrong."""

import pytest

from .service import Service, Tokens

MISSING = object()
WRONG_TYPES: list[object] = [5, 1.5, True, [], ["alice"], {}, {"a": 1}]


async def faults(service: Service, path: str, members: dict[str, object]) -> dict[str, str]:
    """Return the faults that are found in a body, by field."""
    answer = await service.ask("POST", path, json={name: each for name, each in members.items() if each is not MISSING})
    assert answer.problem == (400, "invalid-request")
    errors = answer.json()["errors"]
    assert all(error.keys() == {"field", "message"} for error in errors)
    return {error["field"]: error["message"] for error in errors}


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", [MISSING, None])
async def test_a_missing_field_is_named(service: Service, field: str, value: object) -> None:
    """A member that is absent or null is missing."""
    members = {"username": "alice", "password": "x", field: value}
    assert await faults(service, "/auth/login", members) == {field: "is missing"}


@pytest.mark.parametrize("field", ["username", "password", "scope"])
@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
async def test_a_field_of_another_type_is_named(service: Service, field: str, value: object) -> None:
    """Nothing is converted to a string."""
    members = {"username": "alice", "password": "x", field: value}
    assert await faults(service, "/auth/login", members) == {field: "must be a string"}


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
async def test_a_field_of_a_wrong_length_is_named(service: Service, field: str, length: int, message: str) -> None:
    """Lengths count characters, not bytes, and the limits themselves are allowed."""
    members: dict[str, object] = {"username": "alice", "password": "x", field: "\u00e9" * length}
    assert await faults(service, "/auth/login", members) == {field: message}
    members[field] = "\u00e9" * {0: 1, 256: 255, 129: 128, 1_025: 1_024}[length]
    answer = await service.ask("POST", "/auth/login", json=members)
    assert "errors" not in answer.json()


async def test_every_fault_is_named_at_once(service: Service) -> None:
    """A client need not find them one by one; what it sent is not repeated."""
    members: dict[str, object] = {"password": 5, "scope": ["canary"]}
    assert await faults(service, "/auth/login", members) == {
        "username": "is missing",
        "password": "must be a string",
        "scope": "must be a string",
    }


@pytest.mark.parametrize("value", [pytest.param(MISSING, id="missing"), None, "", *WRONG_TYPES], ids=str)
async def test_a_refresh_needs_its_token(service: Service, value: object) -> None:
    """Without a string that could be one, the field is named."""
    assert (await faults(service, "/auth/refresh", {"refresh_token": value})).keys() == {"refresh_token"}


@pytest.mark.parametrize("value", ["", *WRONG_TYPES], ids=str)
async def test_a_wrong_token_at_logout_is_not_taken_for_none(service: Service, tokens: Tokens, value: object) -> None:
    """A body that means a token and has none is refused, even beside a good header."""
    answer = await service.ask("POST", "/auth/logout", json={"refresh_token": value}, token=tokens.access)
    assert answer.problem == (400, "invalid-request")
    assert (await service.me(tokens.access)).status == 200
