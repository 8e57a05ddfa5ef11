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
_WINDOW: Final = {"width": 1100, "height": 900}
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
        """Open an operation and send its request with ``body``. Return the body of the answer, which must be 200."""
        block = self.page.locator(f"#operations-{operation}")
        block.locator(".opblock-summary-control").click()
        if body is not None:
            block.locator("textarea.body-param__text").fill(json.dumps(body))
        block.get_by_role("button", name="Execute").click()
        answer = block.locator(".live-responses-table")
        assert answer.locator(".response .response-col_status").inner_text().startswith("200")
        return json.loads(answer.locator(".response code.language-json").inner_text())

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


def test_user_signs_in_and_calls_a_guarded_route(service: Service, tmp_path: Path) -> None:
    """A user can sign in and call a guarded route by clicks alone. The console shows no errors and the page requests no
    other host.
    """
    with visiting(f"{service.url}/docs", tmp_path / "profile") as visit:
        granted = visit.execute("auth-login", {"username": USERNAME, "password": PASSWORD})
        visit.authorize(granted["access_token"])
        caller = visit.execute("auth-me")
        assert (caller["client_id"], caller["scope"]) == ("first-party", granted["scope"])
        assert visit.problems == []
        assert visit.hosts == {urlsplit(service.url).netloc}
        _take_picture(visit.page)


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
