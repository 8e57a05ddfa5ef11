"""The guard's page: its program works as it stands."""

import re
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

import app.guard
from app.adapters.jose.token_codec import JoseTokenCodec
from app.adapters.keys.generated import GeneratedKeyStore

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


@pytest.fixture
async def jwk_set() -> dict[str, object]:
    """Return a JWK Set as Keyturn serves it."""
    codec = JoseTokenCodec()
    codec.install(await GeneratedKeyStore(bits=2048).load())
    return dict(codec.jwk_set())
