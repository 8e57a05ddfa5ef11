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
    assert (answer.status, sorted(answer.json())) == (200, ["issuer", "metadata", "openapi"])
