"""``/docs`` in a browser."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS, Service, running

_CHROMIUM: Final = shutil.which("chromium")
_FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_WINDOW: Final = {"width": 1280, "height": 900}
_PHONE: Final = {"width": 390, "height": 844}
_PICTURE: Final = {"width": 1100, "height": 1260}

pytestmark = [
    pytest.mark.proof("docs"),
    pytest.mark.skipif(_CHROMIUM is None, reason="there is no chromium here; Debian's package of this name is one"),
]


class Visit:
    """An open page, its console errors and warnings, and the hosts that it requested."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        page.set_default_timeout(1_000 * TIMEOUT_SECONDS)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(text)

    def execute(self, operation: str, body: object = None) -> Any:
        """Open an operation and send its request with ``body``. Return the body of the answer, which must be 200 or
        204.
        """
        block = self.page.locator(f"#operations-{operation}")
        block.locator(".opblock-summary-control").click()
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table")
        status = answer.locator(".response .response-col_status").inner_text().partition("\n")[0]
        assert int(status) in (200, 204), status
        return json.loads(answer.locator(".response code.language-json").inner_text()) if status == "200" else None

    def reload(self) -> None:
        """Load the page again, and wait until it shows the operations."""
        self.page.reload()
        self.page.locator(".opblock").first.wait_for()

    def is_authorized(self) -> bool:
        """Return whether the page has an access token, and so sends it."""
        return bool(self.page.evaluate("'bearer' in window.ui.authSelectors.authorized().toJS()"))

    def kept(self) -> str:
        """Return everything that the page keeps for the tab and for longer."""
        return str(self.page.evaluate("JSON.stringify([sessionStorage, localStorage, document.cookie])"))

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def authorize(self, access_token: str) -> None:
        """Enter an access token in the page."""
        self.page.locator(".auth-wrapper .authorize").first.click()
        dialog = self.page.locator(".dialog-ux")
        of_bearer = dialog.locator(".auth-container", has=self.page.locator("#auth-bearer-value"))
        of_bearer.locator("#auth-bearer-value").fill(access_token)
        of_bearer.get_by_role("button", name="Apply credentials").click()
        dialog.locator(".btn-done").first.click()


@contextmanager
def visiting(url: str, profile: Path) -> Iterator[Visit]:
    """Open a URL in a new browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="scripts/prove installs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            profile, executable_path=_CHROMIUM, headless=True, args=_FLAGS, viewport=_WINDOW
        )
        visit = Visit(browser.pages[0])
        visit.page.goto(url)
        yield visit
        browser.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return a running service. Its issuer differs from the URL that the browser uses."""
    with running(tmp_path, {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
        yield service


LOGIN: Final = {"username": USERNAME, "password": PASSWORD}


def test_user_signs_in_and_calls_a_guarded_route(service: Service, tmp_path: Path) -> None:
    """A user can sign in and call a guarded route by clicks alone: the sign-in authorises the page. The console shows
    no errors and the page requests no other host.
    """
    with visiting(f"{service.url}/", tmp_path / "profile") as visit:
        granted = visit.execute("auth-login", LOGIN)
        caller = visit.execute("auth-me")
        assert (caller["client_id"], caller["scope"]) == ("first-party", granted["scope"])
        assert visit.problems == []
        assert visit.hosts == {urlsplit(service.url).netloc}
        _take_picture(visit.page)


def test_the_page_stays_authorised_for_the_life_of_the_tab(service: Service, tmp_path: Path) -> None:
    """A reload keeps the access token and nothing else: no refresh token. Another tab has none, an expired one is
    forgotten, one that is entered by hand is kept too, and a sign-out ends it.
    """
    with visiting(f"{service.url}/docs", tmp_path / "profile") as visit:
        granted = visit.execute("auth-login", LOGIN)
        visit.reload()
        assert visit.is_authorized()
        assert visit.execute("auth-me")["scope"] == granted["scope"]
        assert granted["access_token"] in visit.kept()
        assert granted["refresh_token"] not in visit.kept()

        other = visit.page.context.new_page()
        other.goto(f"{service.url}/docs")
        assert other.evaluate("sessionStorage.length") == 0
        other.close()

        visit.execute("auth-logout", {"refresh_token": granted["refresh_token"]})
        assert not visit.is_authorized()
        assert granted["access_token"] not in visit.kept()

        visit.authorize(granted["access_token"])
        visit.reload()
        assert visit.is_authorized()

        visit.page.evaluate("sessionStorage.setItem('bearer', `a.${btoa('{\"exp\": 1}')}.c`)")
        visit.reload()
        assert not visit.is_authorized()
        assert visit.kept().startswith("[{},{}")
        assert visit.problems == []


def test_the_page_fits_a_phone(service: Service, tmp_path: Path) -> None:
    """At 390 pixels nothing is wider than the window: not the page, an answer with tokens, errors or the dialog."""
    with visiting(f"{service.url}/docs", tmp_path / "profile") as visit:
        visit.page.set_viewport_size(_PHONE)
        visit.page.locator(".opblock").first.wait_for()
        assert visit.overflow() <= 0
        visit.execute("auth-login", LOGIN)
        _take_picture_of_phone(visit.page)
        visit.page.locator("#operations-oauth-token .opblock-summary-control").click()
        visit.page.locator("#operations-oauth-token .responses-table").wait_for()
        assert visit.overflow() <= 0
        visit.page.locator(".auth-wrapper .authorize").first.click()
        dialog = visit.page.locator(".dialog-ux .modal-ux").bounding_box()
        assert dialog["x"] >= 0
        assert dialog["x"] + dialog["width"] <= _PHONE["width"]


def _take_picture(page: Any) -> None:
    """Save a screenshot to the file in ``SCREENSHOT``, without the token that the page shows."""
    if "SCREENSHOT" not in os.environ:
        return
    page.evaluate("document.querySelectorAll('.curl-command').forEach((each) => { each.style.display = 'none'; })")
    page.locator("#operations-auth-login .opblock-summary-control").click()
    page.locator("#operations-auth-login .opblock-body").wait_for(state="detached")
    page.locator(":focus").blur()
    page.set_viewport_size(_PICTURE)
    page.evaluate("window.scrollTo(0, 0)")
    page.mouse.move(0, 0)
    page.screenshot(path=os.environ["SCREENSHOT"])


def _take_picture_of_phone(page: Any) -> None:
    """Save a screenshot beside that of ``SCREENSHOT``, without the tokens that the page shows."""
    if "SCREENSHOT" not in os.environ:
        return
    page.evaluate(
        "document.querySelectorAll('.live-responses-table').forEach((each) => { each.style.display = 'none'; })"
    )
    page.evaluate("document.querySelectorAll('.curl-command').forEach((each) => { each.style.display = 'none'; })")
    page.locator("#operations-auth-login").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#operations-auth-login').scrollIntoView()")
    path = Path(os.environ["SCREENSHOT"])
    page.screenshot(path=path.with_stem(f"{path.stem}-phone"))
