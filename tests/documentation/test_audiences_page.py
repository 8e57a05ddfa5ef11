"""The page on several services: two services, two audiences and one sign-in."""

import asyncio
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from aiohttp.test_utils import TestClient, TestServer

import app.guard
from app.service.application import create_application
from app.service.settings import Settings
from tests.servers.ports import free_port

from .console import ROOT, examples

PAGE: Final = "docs/audiences.md"
TEXT: Final = (ROOT / PAGE).read_text()
MARK: Final = "----- next"
PORTS: Final = ("8080", "8091", "8092")
"""The ports of the page: Keyturn, the orders and the stock."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the page's program. It imports ``keyturn``, which is the name of ``app`` where it is installed."""
    monkeypatch.setitem(sys.modules, "keyturn", ModuleType("keyturn"))
    monkeypatch.setitem(sys.modules, "keyturn.guard", app.guard)
    [source] = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {"__name__": "service"}
    exec(compile(source, PAGE, "exec"), names)  # noqa: S102  # the page's own text
    return names


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are written for curl, which is not here")
async def test_two_services_with_two_audiences_and_one_sign_in(
    program: dict[str, Any], aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]], tmp_path: Path
) -> None:
    """With the settings and the services of the page, each command prints what the page shows."""
    ports = {each: str(free_port()) for each in PORTS}
    issuer = f"http://127.0.0.1:{ports['8080']}"
    await aiohttp_client(TestServer(create_application(_settings(issuer)), port=int(ports["8080"])))
    services = re.findall(r"^    python service\.py (\S+) (\d+)$", TEXT, re.MULTILINE)
    assert [port for _, port in services] == [*PORTS[1:]]
    for audience, port in services:
        await aiohttp_client(TestServer(program["create_app"](audience, issuer), port=int(ports[port])))
    found = examples(PAGE)
    script = f"\necho '{MARK}'\n".join(each.command for each in found)
    for port, used in ports.items():
        script = script.replace(f"127.0.0.1:{port}/", f"127.0.0.1:{used}/")
    printed = await asyncio.to_thread(_run, script, tmp_path)
    for example, output in zip(found, printed.split(f"{MARK}\n"), strict=True):
        assert example.prints(output), f"{example.command}\nprinted\n{output}"


def _run(script: str, folder: Path) -> str:
    shell = subprocess.run(
        ["bash", "-eu"],  # noqa: S607  # bash is wherever the reader has it
        input=script,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return shell.stdout


def _settings(issuer: str) -> Settings:
    command = re.search(r"^    (KEYTURN_\S+ \\\n.*) \./scripts/serve$", TEXT, re.MULTILINE)
    assert command is not None
    variables = dict(part.split("=", 1) for part in shlex.split(command[1].replace("\\\n", "")))
    cheap = {"KEYTURN_PASSWORD_HASH_MEMORY": "8192", "KEYTURN_PASSWORD_HASH_ITERATIONS": "1"}
    return Settings.from_environment(variables | cheap | {"KEYTURN_ISSUER": issuer})
