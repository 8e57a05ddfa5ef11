"""What all pages on the guards have in common: their commands need nothing that they do not install."""

import re
from pathlib import Path
from typing import Final

import pytest

from .console import ROOT

PAGES: Final = sorted((ROOT / "docs").glob("guard*.md"))
STARTING: Final = [page for page in PAGES if "./scripts/serve" in page.read_text()]
PROGRAMS: Final = [
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "examples").rglob("*.md"),
    *(ROOT / "examples").rglob("*.py"),
]
CALL: Final = '    curl http://127.0.0.1:8090/orders -H "Authorization: Bearer $TOKEN"\n'


@pytest.mark.parametrize("page", STARTING, ids=lambda page: page.name)
def test_a_page_installs_the_server_that_it_starts(page: Path) -> None:
    """A page that starts uvicorn or gunicorn names it in its `pip install`."""
    text = page.read_text()
    for server in re.findall(r"(?m)^    .*?\b(uvicorn|gunicorn) -", text):
        assert re.search(rf"`pip install [^`]*\b{server}\b", text), server


def test_a_page_calls_what_it_starts() -> None:
    """Each page shows the call with a token, in the variable that the start of the service sets. Clients of MCP call
    an MCP server.
    """
    assert [page.name for page in STARTING if CALL not in page.read_text()] == ["guard-mcp.md"]
    assert "TOKEN=$(" in (ROOT / "app/cli/banner.py").read_text()


def test_programs_listen_on_the_loopback_address() -> None:
    """No program of a page or an example listens on all addresses, which is what aiohttp does by default."""
    calls = [call for path in PROGRAMS for call in re.findall(r"web\.run_app\(.*", path.read_text())]
    assert calls
    assert [call for call in calls if "host=" not in call] == []


def test_the_page_on_fastapi_opens_its_documentation() -> None:
    """The page says how a browser gets to `/docs`, which the guard would refuse."""
    assert '`public=["GET /docs", "GET /openapi.json"]`' in (ROOT / "docs/guard-fastapi.md").read_text()
