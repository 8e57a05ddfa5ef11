"""``GET /docs`` over HTTP; ``tests/system/test_docs_page.py`` opens it in a browser."""

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest

from app.adapters.http.api import docs

from .conftest import Start
from .service import Service
from .test_every_answer import SECURITY_HEADERS

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


class Page(HTMLParser):
    """What a page loads, and the scripts and styles that stand in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.loaded += [value for name in ("src", "href") if (value := given.get(name))]
        if tag == "style" or (tag == "script" and "src" not in given) or any(name.startswith("on") for name in given):
            self.inline.append(tag)


async def test_the_page_loads_only_its_own_files(service: Service) -> None:
    """Each file that it names is there, with its type, and nothing stands in it that its policy forbids."""
    answer = await service.ask("GET", "/docs")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer.body.decode())
    assert sorted(page.loaded) == sorted(f"docs/{name}" for name in docs.ASSETS)
    assert page.inline == []
    for path in page.loaded:
        assert (await service.ask("GET", f"/{path}")).status == 200


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("start.js", "text/javascript; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ],
)
async def test_a_file_is_sent_with_its_type_and_once(service: Service, name: str, content_type: str) -> None:
    """A browser that must not guess types gets them; it asks each time, and gets 304 for what it has."""
    answer = await service.ask("GET", f"/docs/{name}")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (content_type, "no-cache")
    again = await service.ask("GET", f"/docs/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["page.html", "__init__.py", "LICENSE", "..%2f__init__.py", "swagger_ui%2fLICENSE"])
async def test_no_other_file_is_sent(service: Service, name: str) -> None:
    """Only the page's files have a name there."""
    assert (await service.ask("GET", f"/docs/{name}")).problem == (404, "not-found")


async def test_the_policy_is_strict_and_the_pages_own(service: Service) -> None:
    """No inline script or style, no other host, no frame; every other answer keeps the policy that allows nothing."""
    page = await service.ask("GET", "/docs")
    assert dict(each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; ")) == POLICY
    for path in ("/docs/start.js", "/docs/nothing", "/openapi.json", "/livez", "/auth/me"):
        headers = (await service.ask("GET", path)).headers
        assert SECURITY_HEADERS.items() <= {name: headers.get(name) for name in SECURITY_HEADERS}.items()
    others = SECURITY_HEADERS.keys() - {"Content-Security-Policy"}
    assert {name: page.headers[name] for name in others} == {name: SECURITY_HEADERS[name] for name in others}


def test_our_own_script_names_no_host() -> None:
    """It asks for the document where the page is, switches the validator off, and keeps no token."""
    script = files(docs.__package__).joinpath("docs_page").joinpath("start.js").read_text("utf-8")
    assert re.search(r"\w://", script) is None
    assert "validatorUrl: null" in script
    assert "persistAuthorization: false" in script


def test_the_stylesheet_holds_all_that_it_shows() -> None:
    """Every picture is in it, and it imports nothing."""
    sheet = files(docs.__package__).joinpath("docs_page").joinpath("swagger_ui", "swagger-ui.css").read_text("utf-8")
    pictures = re.findall(r"url\(\s*[\"']?([^:)\"']*:?)", sheet)
    assert set(pictures) == {"data:"}
    assert "@import" not in sheet


def test_the_licences_are_beside_the_files() -> None:
    """What others wrote is there with its licence, its notice and those of its parts."""
    vendored = files(docs.__package__).joinpath("docs_page").joinpath("swagger_ui")
    assert "Apache License" in vendored.joinpath("LICENSE").read_text("utf-8")
    assert "SmartBear" in vendored.joinpath("NOTICE").read_text("utf-8")
    assert "MIT" in vendored.joinpath("swagger-ui-bundle.js.LICENSE.txt").read_text("utf-8")


async def test_it_can_be_switched_off(start: Start) -> None:
    """Then there is no such path; the document stays."""
    service = await start(docs=False)
    for path in ("/docs", "/docs/start.js"):
        assert (await service.ask("GET", path)).problem == (404, "not-found")
    assert (await service.ask("GET", "/openapi.json")).status == 200
