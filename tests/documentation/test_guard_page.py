"""The guard's page: its program works as it stands."""

import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

import app.guard
from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.keys.generated import GeneratedKeyStore
from app.application import create_application
from app.settings import Settings

from .console import ROOT


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the page's first program; ``keyturn`` is what this tree is called where it is installed."""
    monkeypatch.setitem(sys.modules, "keyturn", ModuleType("keyturn"))
    monkeypatch.setitem(sys.modules, "keyturn.guard", app.guard)
    source = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/guard.md").read_text(), re.MULTILINE | re.DOTALL)[0]
    names: dict[str, Any] = {"__name__": "orders"}
    exec(compile(source, "docs/guard.md", "exec"), names)  # noqa: S102  # the page's own text
    return names


async def test_the_program_guards(
    program: dict[str, Any], aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]], jwk_set: dict[str, object]
) -> None:
    """The public route answers, the other asks for a token."""
    client = await aiohttp_client(program["create_app"](jwk_set))
    assert (await client.get("/")).status == 200
    assert (await client.get("/orders")).status == 401


async def test_a_token_of_the_service_it_describes_is_accepted(
    program: dict[str, Any], aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]
) -> None:
    """With the settings on the page, a user's token opens the guarded route, whose scope they have."""
    issuer = await aiohttp_client(create_application(_settings_of_the_page()))
    body = {"username": "alice", "password": "correct horse battery"}
    granted = await (await issuer.post("/auth/login", json=body)).json()
    keys = await (await issuer.get("/.well-known/jwks.json")).json(content_type="application/jwk-set+json")
    client = await aiohttp_client(program["create_app"](keys))
    answer = await client.get("/orders", headers={"Authorization": f"Bearer {granted['access_token']}"})
    assert answer.status == 200
    assert (await answer.json())["orders_of"]


def _settings_of_the_page() -> Settings:
    command = re.search(r"^    (KEYTURN_.*) \./scripts/serve$", (ROOT / "docs/guard.md").read_text(), re.MULTILINE)
    assert command is not None
    variables = dict(part.split("=", 1) for part in shlex.split(command[1]))
    cheap = {"KEYTURN_PASSWORD_HASH_MEMORY": "8192", "KEYTURN_PASSWORD_HASH_ITERATIONS": "1"}
    user = {"KEYTURN_BOOTSTRAP_USERNAME": "alice", "KEYTURN_BOOTSTRAP_PASSWORD": "correct horse battery"}
    return Settings.from_environment(variables | cheap | user)


@pytest.fixture
async def jwk_set() -> dict[str, object]:
    """Return a JWK Set as Keyturn serves it."""
    codec = JoseTokenCodec()
    codec.install(await GeneratedKeyStore(bits=2048).load())
    return dict(codec.jwk_set())
