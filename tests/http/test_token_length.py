"""Every token that is issued is accepted: by the parser of HTTP, by the validation and by guards."""

import json
import re
from typing import Any

import pytest
from aiohttp import web

from app.adapters.keys.rsa_key import generate_rsa_key, to_stored_key
from app.domain.clients.client import AuthenticationMethod, Client, ClientSecret
from app.domain.errors import InvalidRequest
from app.domain.identifiers import ClientId
from app.domain.scope import Scope
from app.domain.sessions.ratchet import digest
from app.service.settings import Settings
from app.testing.builders import AUDIENCE

from .forgery import Forge, claims_of
from .guarded_app import Connect, claims, guard_of, guarded_app, hello
from .log_lines import LogLines
from .oauth import ALL_GRANTS, CREDENTIALS, TOKEN, ask, error, register
from .service import DEFAULT_SETTINGS, Service, Tokens

LONGEST_SCOPE = Scope(frozenset({"account", "x" * (1_024 - len("account "))}))


def many_audiences(last: int) -> tuple[str, ...]:
    """Return this service and others. With all 255 characters of the last one, they are too many for a token."""
    return (AUDIENCE, *(f"https://{number}.example/".ljust(255, "x") for number in range(16)), "y" * last)


def padded(forge: Forge, members: dict[str, object], length: int) -> str:
    """Return a valid token of ``length`` characters. There are spaces around its JSON."""
    for spaces in range(4):
        header = json.dumps(forge.header()).encode() + b" " * spaces
        payload_length = (length - len(forge.sign(header, b""))) * 3 // 4
        token = forge.sign(header, json.dumps(members).encode().ljust(payload_length))
        if len(token) == length:
            return token
    raise AssertionError("no such token")


async def test_longest_token_of_a_registered_client_is_accepted() -> None:
    """A client with one byte more is refused. The key has 4096 bits, so no token of the client can be longer."""
    key = to_stored_key(generate_rsa_key(4096))
    async with Service(key, Settings(**DEFAULT_SETTINGS), hashing=False) as service:
        with pytest.raises(InvalidRequest) as refused:
            await register(service, audiences=many_audiences(255), scope=LONGEST_SCOPE)
        (fault,) = refused.value.errors
        assert fault.field == "audiences"
        surplus = int((re.findall(r"[0-9]+ bytes", fault.message) or ["0"])[0].partition(" ")[0])
        with pytest.raises(InvalidRequest):
            await register(service, audiences=many_audiences(255 - surplus + 3), scope=LONGEST_SCOPE)
        secret = await register(service, audiences=many_audiences(255 - surplus), scope=LONGEST_SCOPE)
        token = (await ask(service, TOKEN, secret, **CREDENTIALS)).json()["access_token"]
        assert 8_000 < len(token) <= 8_168
        assert (await service.me(token)).status == 200


async def test_longest_scope_of_a_user_fits(service: Service) -> None:
    """A user may have a scope of 1,024 characters, and may refresh it or narrow it."""
    await service.create_user("bob", scope=LONGEST_SCOPE.text)
    tokens = await service.sign_in("bob")
    assert (await service.me(tokens.access)).json()["scope"] == LONGEST_SCOPE.text
    again = await service.refresh(tokens.refresh, scope=LONGEST_SCOPE.text)
    assert (await service.me(Tokens.of(again).access)).status == 200


@pytest.mark.parametrize("length", [8_168, 2_000])
async def test_token_of_every_issued_length_passes_the_parser(
    service: Service, tokens: Tokens, forge: Forge, aiohttp_client: Connect, length: int
) -> None:
    """A header takes the longest token that is issued, here and at a service with a guard."""
    assert (await service.me(padded(forge, claims_of(tokens.access), length))).status == 200
    client = await aiohttp_client(guarded_app(guard_of(forge), [web.get("/", hello)]))
    headers = {"Authorization": f"Bearer {padded(forge, claims(), length)}"}
    async with client.get("/", headers=headers) as response:
        assert response.status == 200


async def test_stored_client_whose_token_would_be_refused_gets_none(service: Service, log: LogLines) -> None:
    """An older version accepted such clients. The log names the client and the fault; no event says "issued"."""
    stored = Client(
        ClientId("orders"),
        method=AuthenticationMethod.SECRET,
        grants=ALL_GRANTS,
        scope=LONGEST_SCOPE,
        audiences=tuple(f"{number:02}".ljust(255, "x") for number in range(20)),
        secrets=(ClientSecret(digest(b"secret")),),
    )
    await service.container.client_repository().add(stored)
    refused = await ask(service, TOKEN, "secret", **CREDENTIALS)
    assert error(refused) == (500, "server_error")
    assert "orders" not in refused.body.decode()
    (entry,) = [line for line in log.of("keyturn.http") if line["level"] == "error"]
    assert re.search("client orders has [0-9,]+ characters, and a header takes 8,168; give it fewer", entry["error"])
    assert service.audit.events == []
    one = await ask(service, TOKEN, "secret", **CREDENTIALS, resource=stored.audiences[0])
    assert one.status == 200


async def test_admin_is_told_what_to_shorten(service: Service) -> None:
    """``POST /admin/clients`` names the field, and by how many bytes the token is too long."""
    await service.create_user("root", scope="keyturn:admin")
    token = (await service.sign_in("root")).access
    audiences = [f"{number:02}".ljust(255, "x") for number in range(20)]
    body: dict[str, Any] = {"client_id": "orders", "grants": ["client_credentials"], "audiences": audiences}
    answer = await service.ask("POST", "/admin/clients", token=token, json={**body, "scope": "x" * 1_024})
    assert answer.problem == (400, "invalid-request")
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "audiences"
    assert "bytes too long for a header; shorten the audiences or the scope" in fault["message"]
