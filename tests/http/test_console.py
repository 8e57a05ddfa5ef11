"""``GET /console`` over HTTP. ``tests/system/test_console_page.py`` opens it in a browser."""

import re
from importlib.resources import files

import pytest

from app.adapters.http.api import console

from .conftest import Start
from .service import Service
from .test_docs import Page
from .test_every_answer import SECURITY_HEADERS

FOLDER = files(console.__package__).joinpath("console_page")
SCRIPTS = {name: FOLDER.joinpath(name).read_text("utf-8") for name in sorted(console.ASSETS) if name.endswith(".js")}
STYLES = FOLDER.joinpath("console.css").read_text("utf-8")

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}

CALL = re.compile(r'\b(?:call|send)\("([A-Z]+)", "([^"]+)"(.*)')
OTHER_CALL = re.compile(r'(?<!function )\b(?:call|send)\((?!")[^{]*')
IMPORT = re.compile(r'^import .* from "\./(.*)";$', re.MULTILINE)
UNSAFE = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setTimeout\(\"|javascript:|DOMParser"
    r"|createContextualFragment|localStorage|document\.cookie|\.style\b|srcdoc|\bimport\("
)


async def test_page_loads_only_its_own_files(service: Service) -> None:
    """The page and its scripts name exactly the files that are served, and there is no inline script or style."""
    answer = await service.ask("GET", "/console")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Page(answer.body.decode())
    assert page.inline == []
    imported = {each for text in SCRIPTS.values() for each in IMPORT.findall(text)}
    assert {each.removeprefix("console/") for each in page.loaded} | imported == console.ASSETS
    assert {each.name for each in FOLDER.iterdir()} == console.ASSETS | {"page.html"}
    for name in console.ASSETS:
        asset = await service.ask("GET", f"/console/{name}")
        assert (asset.status, asset.headers["Cache-Control"]) == (200, "no-cache")
        again = await service.ask("GET", f"/console/{name}", headers={"If-None-Match": asset.headers["ETag"]})
        assert (again.status, again.body) == (304, b"")


async def test_policy_allows_nothing_but_the_page_itself(service: Service) -> None:
    """No inline script, no other host, no frame, and no text that becomes HTML. Other headers are the usual ones."""
    page = await service.ask("GET", "/console")
    assert dict(each.split(" ", 1) for each in page.headers["Content-Security-Policy"].split("; ")) == POLICY
    others = SECURITY_HEADERS.keys() - {"Content-Security-Policy"}
    assert {name: page.headers[name] for name in others} == {name: SECURITY_HEADERS[name] for name in others}
    script = await service.ask("GET", "/console/start.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert script.headers["Content-Security-Policy"] == SECURITY_HEADERS["Content-Security-Policy"]
    assert "Set-Cookie" not in page.headers


async def test_every_call_is_a_route_of_the_document(service: Service) -> None:
    """The scripts call the API by templates of the OpenAPI document, with its parameters. Only one of them fetches."""
    paths = (await service.ask("GET", "/openapi.json")).json()["paths"]
    calls = [(name, *each) for name, text in SCRIPTS.items() for each in CALL.findall(text)]
    for name, method, path, options in calls:
        parameters = paths[path][method.lower()].get("parameters", [])
        query = re.search(r"query: \{([^}]*)\}", options)
        named = {each.partition(":")[0].strip() for each in query[1].split(",")} if query else set()
        assert named <= {each["name"] for each in parameters if each["in"] == "query"}, (name, path)
    assert len(calls) >= 15
    others = [each for text in SCRIPTS.values() for each in OTHER_CALL.findall(text)]
    assert others == ["send(method, path, "]  # what ``call`` passes on
    assert [name for name, text in SCRIPTS.items() if "fetch(" in text] == ["api.js"]


def test_scripts_and_styles_name_no_other_host_and_make_no_html() -> None:
    """Text of others becomes text nodes only. Nothing is kept beyond the life of the tab."""
    for name, text in SCRIPTS.items():
        assert UNSAFE.search(text) is None, name
        assert re.findall(r"\w+://[\w./]+", text) in ([], ["http://www.w3.org/2000/svg"]), name
        assert len(text.splitlines()) <= 110, name
    assert re.search(r"url\(|@import|://", STYLES) is None


def test_only_the_access_token_is_stored() -> None:
    """The refresh token is in memory only."""
    [stored] = re.findall(r"const stored = (\{.*\});", SCRIPTS["api.js"])
    assert "access_token" in stored
    assert "refresh" not in stored


@pytest.mark.parametrize("name", ["page.html", "__init__.py", "..%2fdocs.py", "..%2fconsole_page%2fapi.js"])
async def test_other_files_are_not_found(service: Service, name: str) -> None:
    """Only the files of the page have URLs."""
    assert (await service.ask("GET", f"/console/{name}")).problem == (404, "not-found")


async def test_page_can_be_switched_off(start: Start) -> None:
    """The page then gets 404 and is not in the document. The admin API stays."""
    service = await start(console=False)
    for path in ("/console", "/console/start.js"):
        assert (await service.ask("GET", path)).problem == (404, "not-found")
    paths = (await service.ask("GET", "/openapi.json")).json()["paths"]
    assert [each for each in paths if each.startswith("/console")] == []
    assert "/admin/activity" in paths
