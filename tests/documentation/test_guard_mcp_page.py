"""The page on the guard for MCP: its programs make guarded servers."""

import re
from typing import Any, Final

import httpx
import pytest

import app.guard.mcp
from app.testing import TestIssuer

from .console import ROOT

PAGE: Final = (ROOT / "docs/guard-mcp.md").read_text()
_PROGRAMS: Final = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_RESOURCE: Final = "http://127.0.0.1:8090/mcp"
_INITIALIZE: Final = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.mark.parametrize("program", _PROGRAMS)
def test_a_guard_takes_five_lines(program: str) -> None:
    """Each program has at most five lines about the guard."""
    assert len(re.findall(r"(?m)^.*(?:keyturn|guard).*$", program)) <= 5


@pytest.mark.parametrize("program", _PROGRAMS)
async def test_the_program_guards_its_server(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the issuer of the page, a token for the URL of the server opens it. Strangers learn where to get one."""
    issuer = TestIssuer("http://127.0.0.1:8080", audience=_RESOURCE)

    def make(*, issuer: str, resource: str, required_scopes: list[str]) -> Any:
        assert (issuer, resource) == (testing.url, _RESOURCE)
        return testing.mcp_guard(resource, required_scopes=required_scopes)

    testing = issuer
    monkeypatch.setattr(app.guard.mcp, "remote_guard", make)
    names: dict[str, Any] = {}
    exec(program.replace("keyturn.", "app."), names)  # noqa: S102  # a program of the page
    served = names["app"]
    token = issuer.token("alice", scope="orders:read")
    headers = {"Accept": "application/json, text/event-stream", **issuer.headers(token)}
    transport = httpx.ASGITransport(served)
    inner = getattr(served, "app", served)
    application = getattr(inner, "_app", inner)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8090") as client,
    ):
        refused = await client.post("/mcp", json=_INITIALIZE)
        [document] = re.findall('resource_metadata="(.*)"', refused.headers["www-authenticate"])
        assert refused.status_code == 401
        assert (await client.get(document)).json()["authorization_servers"] == [issuer.url]
        assert (await client.post("/mcp", json=_INITIALIZE, headers=headers)).status_code == 200


def test_the_path_of_the_metadata_is_that_of_the_page() -> None:
    """The page names the path at which the guard serves the document."""
    guard = TestIssuer().mcp_guard(_RESOURCE)
    assert f"`{guard.metadata.path}`" in PAGE
