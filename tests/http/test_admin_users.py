"""``/admin/users``."""

from typing import Any

import pytest

from app.testing.builders import PASSWORD

from .service import Answer, Service, Tokens


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def ask(service: Service, admin: str, method: str, path: str, **options: Any) -> Answer:
    """Send a request as the administrator."""
    return await service.ask(method, f"/admin/users{path}", token=admin, **options)


async def sub(service: Service, admin: str, username: str) -> str:
    """Return the id of a user."""
    users = (await ask(service, admin, "GET", "")).json()["users"]
    [found] = [each["sub"] for each in users if each["username"] == username]
    return str(found)


async def test_users_are_listed_in_pages(service: Service, admin: str) -> None:
    """Pages are sorted by name, no user is missing or repeated, and no password hash is shown."""
    for name in ("bob", "carol", "dora"):
        await service.create_user(name)
    listed, after = [], ""
    while True:
        page = (await ask(service, admin, "GET", f"?limit=2&after={after}")).json()
        listed += page["users"]
        if "next" not in page:
            break
        after = page["next"]
    assert [each["username"] for each in listed] == ["alice", "bob", "carol", "dora", "root"]
    assert all(each.keys() == {"sub", "username", "scope", "disabled"} for each in listed)


async def test_last_full_page_has_no_next(service: Service, admin: str) -> None:
    """``next`` is absent if the page ends with the last user."""
    await service.create_user("bob")
    page = (await ask(service, admin, "GET", "?limit=3")).json()
    assert [each["username"] for each in page["users"]] == ["alice", "bob", "root"]
    assert "next" not in page


WRONG_QUERIES = [
    "limit=",
    "limit=0",
    "limit=201",
    "limit=-1",
    "limit=%2B5",
    "limit=+5",
    "limit=5+",
    "limit=x",
    "limit=1e1",
    "limit=1.0",
    "limit=0x10",
    "limit=1_0",
    "limit=²",
    "limit=%D9%A5",  # the Arabic digit 5
    "limit=05",
    "limit=000000001999",
    "limit=00000000050",
    "limit=" + 4_400 * "9",
    "limit=000000001" + 4_400 * "9",
    "limit=" + 4_400 * "0" + "5",
    "limit=5&limit=5",
    "limit=5&LIMIT=5&limit=6",
    "after=%21",
    "after=gA",
    "after=AA",
    "after=YQBi",
    "after=7aCA",  # half of a surrogate pair in UTF-8
    "after=YQ==",
    "after=YR",
    "after=A",
    "after=%00",
    "after=%FF",
    "after=" + "YWFh" * 100,
    "after=" + "YWFh" * 1_500,
    "after=YQ&after=Yg",
]


@pytest.mark.parametrize("query", WRONG_QUERIES, ids=[each[:30] for each in WRONG_QUERIES])
async def test_malformed_query_is_a_field_error(service: Service, admin: str, query: str) -> None:
    """The response is 400 and names the parameter."""
    answer = await ask(service, admin, "GET", f"?{query}")
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == [query.partition("=")[0]]


async def test_user_can_be_added(service: Service, admin: str) -> None:
    """The response is 201 with the user, who can sign in. Without a scope the user gets the default scope."""
    answer = await ask(service, admin, "POST", "", json={"username": "bob", "password": PASSWORD})
    assert answer.status == 201
    assert answer.json()["scope"] == "account"
    assert (await ask(service, admin, "GET", f"/{answer.json()['sub']}")).json() == answer.json()
    assert (await service.login("bob")).status == 200


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"username": "alice", "password": PASSWORD}, (409, "already-exists")),
        ({"username": "bob", "password": "short"}, (400, "invalid-request")),
        ({"username": "b\x07b", "password": PASSWORD}, (400, "invalid-request")),
        ({"username": "bob\u2028", "password": PASSWORD}, (400, "invalid-request")),
        ({"username": " bob", "password": PASSWORD}, (400, "invalid-request")),
        ({"username": "..", "password": PASSWORD}, (400, "invalid-request")),
        ({"username": "bob", "password": PASSWORD, "scope": "a  b"}, (400, "invalid-scope")),
        ({"username": "bob"}, (400, "invalid-request")),
    ],
)
async def test_refused_user_is_not_added(
    service: Service, admin: str, body: dict[str, str], problem: tuple[int, str]
) -> None:
    """The error names the reason, and no user is added."""
    assert (await ask(service, admin, "POST", "", json=body)).problem == problem
    assert len((await ask(service, admin, "GET", "")).json()["users"]) == 2


async def test_disabling_a_user_ends_all_sessions(service: Service, admin: str, tokens: Tokens) -> None:
    """No token works, the user cannot sign in, and can sign in again after being enabled."""
    alice = await sub(service, admin, "alice")
    answer = await ask(service, admin, "POST", f"/{alice}/disable")
    assert (answer.status, answer.json()["disabled"]) == (200, True)
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")
    assert (await service.login()).problem == (401, "invalid-credentials")
    assert (await ask(service, admin, "POST", f"/{alice}/enable")).json()["disabled"] is False
    assert (await service.refresh(tokens.refresh)).problem == (401, "invalid-grant")
    assert (await service.login()).status == 200


async def test_administrator_can_set_a_password(service: Service, admin: str, tokens: Tokens) -> None:
    """All sessions end, and the new password can sign in."""
    alice = await sub(service, admin, "alice")
    body = {"new_password": "staple battery"}
    assert (await ask(service, admin, "PUT", f"/{alice}/password", json=body)).status == 204
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.login(password="staple battery")).status == 200  # noqa: S106  # a test's


async def test_administrator_can_end_a_session(service: Service, admin: str, tokens: Tokens) -> None:
    """One session of the user ends. The same session is not found under another user."""
    alice = await sub(service, admin, "alice")
    service.clock.advance(1)
    other = await service.sign_in()
    listed = (await ask(service, admin, "GET", f"/{alice}/sessions")).json()["sessions"]
    assert len(listed) == 2
    path = f"/sessions/{listed[0]['sid']}"
    root = await sub(service, admin, "root")
    assert (await ask(service, admin, "DELETE", f"/{root}{path}")).problem == (404, "not-found")
    assert (await ask(service, admin, "DELETE", f"/{alice}{path}")).status == 204
    assert (await service.me(tokens.access)).problem == (401, "invalid-token")
    assert (await service.me(other.access)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/x"),
        ("POST", "/x/disable"),
        ("POST", "/x/enable"),
        ("PUT", "/x/password"),
        ("GET", "/x/sessions"),
        ("DELETE", "/x/sessions/x"),
    ],
)
async def test_scope_admin_is_required(service: Service, admin: str, tokens: Tokens, method: str, path: str) -> None:
    """Other users get 403, requests without a token get 401, and an unknown user is 404."""
    body: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {"new_password": "staple battery"}}
    assert (await ask(service, tokens.access, method, path, **body)).problem == (403, "insufficient-scope")
    assert (await service.ask(method, f"/admin/users{path}", **body)).problem == (401, "missing-token")
    if path:
        assert (await ask(service, admin, method, path, **body)).problem == (404, "not-found")


PREFIXES = {
    "al": ["al", "alice", "alma"],
    "ali": ["alice"],
    "alice": ["alice"],
    "b%C3%A9": ["bé"],
    "be%CC%81": ["bé"],
    "": ["al", "alice", "alma", "am", "bé", "root"],
    "A": [],
    "zz": [],
    "%F0%9F%A6%8A": [],
}


@pytest.mark.parametrize(("prefix", "expected"), PREFIXES.items(), ids=PREFIXES)
async def test_users_are_found_by_the_beginning_of_their_names(
    service: Service, admin: str, prefix: str, expected: list[str]
) -> None:
    """Exactly the users whose names begin so are listed, in pages too."""
    for name in ("al", "alma", "am", "bé"):
        await service.create_user(name)
    for limit in (1, 2, 50):
        listed, after = [], ""
        while True:
            page = (await ask(service, admin, "GET", f"?prefix={prefix}&limit={limit}&after={after}")).json()
            listed += [each["username"] for each in page["users"]]
            if not (after := page.get("next", "")):
                break
        assert listed == expected


@pytest.mark.parametrize("query", ["prefix=%00", "prefix=" + "a" * 256, "prefix=a&prefix=b"])
async def test_prefix_that_no_name_has_is_refused(service: Service, admin: str, query: str) -> None:
    """What no store can hold never reaches one."""
    assert (await ask(service, admin, "GET", f"?{query}")).problem == (400, "invalid-request")
