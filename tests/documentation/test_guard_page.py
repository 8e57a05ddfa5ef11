"""The page on the guard: its program and its tables."""

import re
import shlex
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

import app.guard
from app.service.application import create_application
from app.service.settings import Settings
from tests.servers.ports import free_port

from .console import ROOT

PAGE = (ROOT / "docs/guard.md").read_text()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the page's first program. It imports ``keyturn``, which is the name of ``app`` where it is installed."""
    monkeypatch.setitem(sys.modules, "keyturn", ModuleType("keyturn"))
    monkeypatch.setitem(sys.modules, "keyturn.guard", app.guard)
    source = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    names: dict[str, Any] = {"__name__": "orders"}
    exec(compile(source, "docs/guard.md", "exec"), names)  # noqa: S102  # the page's own text
    return names


async def test_program_guards_its_routes(
    program: dict[str, Any], aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]
) -> None:
    """While the issuer is down, the public route answers and the others ask for a token."""
    client = await aiohttp_client(program["create_app"](f"http://127.0.0.1:{free_port()}"))
    assert (await client.get("/")).status == 200
    assert (await client.get("/orders")).status == 401
    assert (await client.post("/orders/tea")).status == 401


async def test_program_accepts_a_token(
    program: dict[str, Any], aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]]
) -> None:
    """With the settings on the page, a user's token opens the guarded routes."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    issuer = await aiohttp_client(TestServer(create_application(_settings_of_the_page(url)), port=port))
    body = {"username": "alice", "password": "correct horse battery"}
    granted = await (await issuer.post("/auth/login", json=body)).json()
    client = await aiohttp_client(program["create_app"](url))
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    answer = await client.get("/orders", headers=headers)
    assert answer.status == 200
    assert (await answer.json())["orders_of"]
    assert (await client.post("/orders/tea", headers=headers)).status == 201


def test_table_lists_all_metrics() -> None:
    """The table lists each metric with its labels, and nothing else."""
    registry = CollectorRegistry()
    app.guard.guard_metrics(registry)
    declared = {each._name: set(each._labelnames) for each in registry._collector_to_names}  # type: ignore[attr-defined]  # there is no other way
    rows = re.findall(r"(?m)^\| `(keyturn_guard_\w+?)(?:_total)?` \|([^|]*)\|", PAGE)
    assert {name: set(re.findall(r"`(\w+)`", named)) for name, named in rows} == declared
    assert len(rows) == len(declared)
    alerts = [each["expr"] for block in re.findall(r"(?s)```yaml\n(.*?)```", PAGE) for each in yaml.safe_load(block)]
    assert set(re.findall(r"keyturn_\w+", " ".join(alerts))) <= declared.keys()


@pytest.mark.parametrize("name", re.findall(r"`(\w+)\(\.\.\.|@(\w+)`|`guard\.(\w+)\(", PAGE))
def test_named_functions_exist(name: tuple[str, str, str]) -> None:
    """Each function and mark that the page names exists, for local and remote guards."""
    function, mark, method = name
    assert method in dir(app.guard.RemoteGuard) if method else (function or mark) in app.guard.__all__


def _settings_of_the_page(url: str) -> Settings:
    command = re.search(r"^    (KEYTURN_.*) \./scripts/serve$", PAGE, re.MULTILINE)
    assert command is not None
    variables = dict(part.split("=", 1) for part in shlex.split(command[1]))
    cheap = {"KEYTURN_PASSWORD_HASH_MEMORY": "8192", "KEYTURN_PASSWORD_HASH_ITERATIONS": "1"}
    user = {"KEYTURN_BOOTSTRAP_USERNAME": "alice", "KEYTURN_BOOTSTRAP_PASSWORD": "correct horse battery"}
    return Settings.from_environment(variables | cheap | user | {"KEYTURN_ISSUER": url})
