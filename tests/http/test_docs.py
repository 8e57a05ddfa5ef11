"""``GET /docs`` over HTTP. ``tests/system/test_docs_page.py`` opens it in a browser."""

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
    """The files that a page loads, and its inline scripts and styles."""

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


async def test_page_loads_only_its_own_files(service: Service) -> None:
    """Each file exists and has its type, and the page has no inline script or style."""
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
        ("page.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("swagger-ui.css", "text/css; charset=utf-8"),
        ("favicon-32x32.png", "image/png"),
    ],
)
async def test_file_has_its_type_and_an_etag(service: Service, name: str, content_type: str) -> None:
    """Browsers must not guess the type. A browser that has the file gets 304."""
    answer = await service.ask("GET", f"/docs/{name}")
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (content_type, "no-cache")
    again = await service.ask("GET", f"/docs/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["page.html", "__init__.py", "LICENSE", "..%2f__init__.py", "swagger_ui%2fLICENSE"])
async def test_other_files_are_not_found(service: Service, name: str) -> None:
    """Only the files of the page have URLs."""
    assert (await service.ask("GET", f"/docs/{name}")).problem == (404, "not-found")


async def test_page_has_its_own_strict_policy(service: Service) -> None:
    """The policy allows no inline script, no other host and no frame. Other responses keep the default policy."""
    page = await service.ask("GET", "/docs")
    assert dict(each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; ")) == POLICY
    for path in ("/docs/start.js", "/docs/nothing", "/openapi.json", "/livez", "/auth/me"):
        headers = (await service.ask("GET", path)).headers
        assert SECURITY_HEADERS.items() <= {name: headers.get(name) for name in SECURITY_HEADERS}.items()
    others = SECURITY_HEADERS.keys() - {"Content-Security-Policy"}
    assert {name: page.headers[name] for name in others} == {name: SECURITY_HEADERS[name] for name in others}


def test_start_script_names_no_host() -> None:
    """The script loads the document from the page's host, disables the validator, and keeps no token longer than the
    tab lives.
    """
    script = files(docs.__package__).joinpath("docs_page").joinpath("start.js").read_text("utf-8")
    assert re.search(r"\w://", script) is None
    assert "validatorUrl: null" in script
    assert "persistAuthorization: false" in script
    assert "localStorage" not in script
    assert "refresh_token" not in script


def test_stylesheet_loads_nothing() -> None:
    """All pictures are inside the stylesheet, and it has no imports."""
    sheet = files(docs.__package__).joinpath("docs_page").joinpath("swagger_ui", "swagger-ui.css").read_text("utf-8")
    pictures = re.findall(r"url\(\s*[\"']?([^:)\"']*:?)", sheet)
    assert set(pictures) == {"data:"}
    assert "@import" not in sheet


def test_licences_are_next_to_the_files() -> None:
    """The files of others come with their licences and notices."""
    vendored = files(docs.__package__).joinpath("docs_page").joinpath("swagger_ui")
    assert "Apache License" in vendored.joinpath("LICENSE").read_text("utf-8")
    assert "SmartBear" in vendored.joinpath("NOTICE").read_text("utf-8")
    assert "MIT" in vendored.joinpath("swagger-ui-bundle.js.LICENSE.txt").read_text("utf-8")


async def test_page_can_be_switched_off(start: Start) -> None:
    """The page then gets 404. The document stays."""
    service = await start(docs=False)
    for path in ("/docs", "/docs/start.js"):
        assert (await service.ask("GET", path)).problem == (404, "not-found")
    assert (await service.ask("GET", "/openapi.json")).status == 200
