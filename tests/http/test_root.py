"""``GET /``: the URL that people type."""

import pytest

from app.testing.builders import ISSUER

from .conftest import Start
from .service import Service

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_a_browser_is_led_to_the_page(service: Service) -> None:
    """A browser gets to ``/docs``, and caches know that others do not."""
    answer = await service.ask("GET", "/", headers=BROWSER, allow_redirects=False)
    assert (answer.status, answer.headers["Location"], answer.headers["Vary"]) == (303, "/docs", "Accept")


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
async def test_a_program_gets_the_urls(service: Service, accept: str) -> None:
    """A program gets the issuer, and the URLs of the documents."""
    answer = await service.ask("GET", "/", headers={"Accept": accept})
    assert (answer.status, answer.headers["Vary"]) == (200, "Accept")
    assert answer.json() == {
        "issuer": ISSUER,
        "metadata": f"{ISSUER}/.well-known/oauth-authorization-server",
        "openapi": f"{ISSUER}/openapi.json",
        "docs": f"{ISSUER}/docs",
        "console": f"{ISSUER}/console",
    }


async def test_the_page_is_below_the_path_of_the_issuer(start: Start) -> None:
    """Where a proxy removes the path of the issuer, the browser is led below this path."""
    service = await start(issuer="https://id.example/id/")
    answer = await service.ask("GET", "/", headers=BROWSER, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/id/docs")
    assert (await service.ask("GET", "/")).json()["docs"] == "https://id.example/id/docs"


async def test_without_the_page_everybody_gets_the_urls(start: Start) -> None:
    """A service without the page leads nobody there."""
    service = await start(docs=False)
    answer = await service.ask("GET", "/", headers=BROWSER)
    assert (answer.status, sorted(answer.json())) == (200, ["console", "issuer", "metadata", "openapi"])


async def test_the_console_is_not_named_if_it_is_off(start: Start) -> None:
    """A service without the page for administrators does not name it."""
    service = await start(console=False)
    assert "console" not in (await service.ask("GET", "/")).json()


async def test_a_slash_at_the_end_leads_to_the_page(start: Start) -> None:
    """Both pages are found with a slash at the end too, also below the path of a proxy. A page that is off is not."""
    service = await start(console=True)
    for page in ("docs", "console"):
        answer = await service.send(f"GET /{page}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (answer.status, answer.headers["Location"]) == (303, f"../{page}")
    service = await start(docs=False, console=False)
    assert [(await service.ask("GET", path)).status for path in ("/docs/", "/console/")] == [404, 404]


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/auth/mee", 404, "There is no such path; /docs lists all, or /openapi.json if there is no /docs."),
        ("GET", "/oauth/tokens", 404, "There is no such path; /docs lists all, or /openapi.json if there is no /docs."),
        ("GET", "/auth/login", 405, "Use POST."),
        ("GET", "/oauth/token", 405, "Use POST."),
        ("POST", "/auth/me", 405, "Use GET or HEAD."),
    ],
)
async def test_a_wrong_url_is_explained(service: Service, method: str, path: str, status: int, said: str) -> None:
    """An unknown path says where all paths are, and a wrong method says which one is right."""
    answer = await service.ask(method, path)
    body = answer.json()
    assert (answer.status, body.get("detail", body.get("error_description"))) == (status, said)
