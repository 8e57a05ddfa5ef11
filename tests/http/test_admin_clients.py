"""``/admin/clients``."""

import json
from collections.abc import Mapping

import pytest

from app.domain.audit.events import ClientAdded, ClientChanged, ClientRemoved, ClientSecretRotated
from app.domain.identifiers import ClientId, Subject
from app.testing.system import NOW

from .forgery import segment
from .oauth import CREDENTIALS, JWKS, TOKEN, ask
from .service import Answer, Service

PATH = "/admin/clients"
GOOD = {"client_id": "orders", "grants": ["client_credentials"], "scope": "stock:read", "audiences": ["stock"]}


@pytest.fixture
async def admin(service: Service) -> str:
    """Return an administrator's access token."""
    await service.create_user("root", scope="account keyturn:admin")
    return (await service.sign_in("root")).access


async def add(service: Service, admin: str, members: Mapping[str, object]) -> Answer:
    """Register a client."""
    return await service.ask("POST", PATH, token=admin, json=members)


async def test_client_is_registered_rotated_and_removed(service: Service, admin: str) -> None:
    """A client is registered, gets a new secret and is removed. Each step is audited with the administrator's id."""
    added = await add(service, admin, GOOD)
    secret = added.json()["client_secret"]
    described = {**GOOD, "authentication": "client_secret", "introspects": []}
    assert (added.status, added.json()) == (201, {**described, "client_secret": secret})
    assert added.headers["Cache-Control"] == "no-store"
    assert (await ask(service, TOKEN, secret, **CREDENTIALS)).status == 200
    listed = await service.ask("GET", PATH, token=admin)
    assert listed.json() == {"clients": [described]}
    rotated = await service.ask("POST", f"{PATH}/orders/secret", token=admin, json={"grace": 60.0})
    for each in (secret, rotated.json()["client_secret"]):
        assert (await ask(service, TOKEN, each, **CREDENTIALS)).status == 200
    assert (await service.ask("DELETE", f"{PATH}/orders", token=admin)).status == 204
    for act in (("DELETE", f"{PATH}/orders"), ("POST", f"{PATH}/orders/secret")):
        assert (await service.ask(*act, token=admin)).problem == (404, "not-found")
    root = Subject(str(segment(admin, 1)["sub"]))
    assert [each for each in service.audit.events if isinstance(each, ClientChanged)] == [
        kind(at=NOW, client_id=ClientId("orders"), by=root)
        for kind in (ClientAdded, ClientSecretRotated, ClientRemoved)
    ]


async def test_clients_are_listed_in_pages(service: Service, admin: str) -> None:
    """``next`` leads to the next page and is absent on the last page."""
    for number in range(5):
        await add(service, admin, {**GOOD, "client_id": f"client-{number}"})
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = (await service.ask("GET", f"{PATH}?limit=2&after={after}", token=admin)).json()
        seen += [each["client_id"] for each in page["clients"]]
        after = page.get("next")
    assert seen == [f"client-{number}" for number in range(5)]
    for limit in ("0", "201", "x", "-1"):
        assert (await service.ask("GET", f"{PATH}?limit={limit}", token=admin)).problem == (400, "invalid-request")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"client_id": "A" * 22}, "client_id"),
        ({"client_id": "a:b"}, "client_id"),
        ({"client_id": 1}, "client_id"),
        ({"client_id": "x" * 101}, "client_id"),
        ({"authentication": "password"}, "authentication"),
        ({"authentication": "none"}, "grants"),
        ({"grants": ["password"]}, "grants"),
        ({"grants": []}, "grants"),
        ({"grants": "client_credentials"}, "grants"),
        ({"scope": "a  b"}, "scope"),
        ({"audiences": []}, "audiences"),
        ({"audiences": ["a b"]}, "audiences"),
        ({"audiences": ["https://a.example/#b"]}, "audiences"),
        ({"audiences": ["a", "a"]}, "audiences"),
        ({"audiences": ["a", 1]}, "audiences"),
        ({"audiences": [""]}, "audiences"),
        ({"audiences": [str(number) for number in range(21)]}, "audiences"),
        ({"introspects": ["客"]}, "introspects"),
        pytest.param({"jwks": json.loads(JWKS)}, "jwks", id="jwks of a client with a secret"),
        ({"authentication": "private_key_jwt"}, "jwks"),
        ({"authentication": "private_key_jwt", "jwks": {"keys": []}}, "jwks"),
        ({"authentication": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}}, "jwks"),
        ({"authentication": "private_key_jwt", "jwks": {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}}, "jwks"),
        ({"authentication": "private_key_jwt", "jwks": [1]}, "jwks"),
        ({"authentication": "private_key_jwt", "jwks": {"keys": [{"kty": "EC", "d": "x"}]}}, "jwks"),
    ],
    ids=str,
)
async def test_refused_client_is_a_field_error(
    service: Service, admin: str, changes: dict[str, object], field: str
) -> None:
    """The error names the wrong field, and no client is stored."""
    answer = await add(service, admin, {**GOOD, **changes})
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert (await service.ask("GET", PATH, token=admin)).json() == {"clients": []}


@pytest.mark.parametrize(
    "client_id", [".", "..", " orders", "orders\n", "or\u2028ders", "orders\u202e", "ord\u0378ers"]
)
async def test_odd_client_id_is_refused(service: Service, admin: str, client_id: str) -> None:
    """An id that breaks a path, a line or a terminal is a field error, and the message names the character."""
    answer = await add(service, admin, {**GOOD, "client_id": client_id})
    assert answer.problem == (400, "invalid-request")
    ((field, message),) = [(each["field"], each["message"]) for each in answer.json()["errors"]]
    assert field == "client_id"
    assert message.startswith("must not ")
    assert (await service.ask("GET", PATH, token=admin)).json() == {"clients": []}


@pytest.mark.parametrize("grace", [-1, 0.5, 30 * 86_400 + 1, True, "60", [60]], ids=str)
async def test_grace_must_be_a_number_of_seconds(service: Service, admin: str, grace: object) -> None:
    """Any other value is a field error, and the secret stays."""
    secret = (await add(service, admin, GOOD)).json()["client_secret"]
    answer = await service.ask("POST", f"{PATH}/orders/secret", token=admin, json={"grace": grace})
    assert answer.problem == (400, "invalid-request")
    assert [each["field"] for each in answer.json()["errors"]] == ["grace"]
    assert (await ask(service, TOKEN, secret, **CREDENTIALS)).status == 200


@pytest.mark.parametrize("client_id", ["orders", "first-party"])
async def test_client_id_must_be_new(service: Service, admin: str, client_id: str) -> None:
    """The response is 409, also for the id of the built-in client."""
    await add(service, admin, GOOD)
    assert (await add(service, admin, {**GOOD, "client_id": client_id})).problem == (409, "already-exists")


async def test_chunked_empty_body_counts_as_none(service: Service, admin: str) -> None:
    """The body with ``grace`` is optional, whatever the framing of a request without one."""
    await service.ask("POST", PATH, json={"client_id": "shop", "grants": ["refresh_token"]}, token=admin)
    head = b"POST %s/shop/secret HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % (PATH.encode(), admin.encode())
    answer = await service.send(head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert answer.status == 200
    assert answer.json()["client_secret"]


async def test_client_with_keys_has_no_secret(service: Service, admin: str) -> None:
    """The response has no secret, and a secret cannot be created."""
    keys = {"authentication": "private_key_jwt", "jwks": json.loads(JWKS)}
    added = await add(service, admin, {**GOOD, **keys})
    assert added.status == 201
    assert "client_secret" not in added.json()
    assert added.json()["jwks"] == json.loads(JWKS)
    assert (await service.ask("POST", f"{PATH}/orders/secret", token=admin)).problem == (400, "invalid-request")


async def test_scope_admin_is_required(service: Service) -> None:
    """Other users get 403, and requests without a token get 401."""
    token = (await service.sign_in()).access
    for method, path in (
        ("GET", PATH),
        ("POST", PATH),
        ("DELETE", f"{PATH}/orders"),
        ("POST", f"{PATH}/orders/secret"),
    ):
        assert (await service.ask(method, path, token=token)).problem == (403, "insufficient-scope")
        assert (await service.ask(method, path)).problem == (401, "missing-token")
