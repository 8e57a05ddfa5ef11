"""``/console`` in a browser, on a wide and on a narrow screen."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from app.domain import base64url
from app.domain.audit.event_counts import EVENT_COUNTS

from .load import PASSWORD, USERNAME
from .processes import ROOT, TIMEOUT_SECONDS, Service, running

_CHROMIUM: Final = shutil.which("chromium")
_AXE: Final = ROOT / "tests" / "interop" / "node" / "node_modules" / "axe-core" / "axe.min.js"
_FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

HOSTILE: Final = "<img src=x onerror=document.title='owned'>"
AGENT: Final = "<script>document.title='owned'</script>"
AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
    "curl/8.14.1",
)
CLIENT: Final = {
    "client_id": "reports",
    "grants": ["client_credentials"],
    "scope": "orders:read",
    "audiences": ["https://orders.example"],
}
SCREENS: Final = {"wide": (1280, 900), "narrow": (390, 844)}

pytestmark = [
    pytest.mark.proof("docs"),
    pytest.mark.skipif(_CHROMIUM is None, reason="there is no chromium here; Debian's package of this name is one"),
]


class Console:
    """The console in a browser, what its log complains of, and the hosts that it requested."""

    def __init__(self, page: Any, url: str, name: str) -> None:
        self.page = page
        self.name = name
        self.url = url
        self.problems: list[str] = []
        self.hosts: set[str] = set()
        page.set_default_timeout(1_000 * TIMEOUT_SECONDS)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        page.goto(f"{url}/console")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.problems.append(text)

    def see(self, heading: str, *, picture: str = "") -> None:
        """Wait for the view with this heading. It has no serious fault and fits the screen. Take a picture."""
        self.page.get_by_role("heading", name=heading, level=1, exact=True).wait_for()
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), heading
        assert self.faults() == [], heading
        assert self.page.title() == f"{heading} · Keyturn console"
        if picture and "SCREENSHOTS" in os.environ:
            self.page.screenshot(path=Path(os.environ["SCREENSHOTS"]) / f"console-{picture}-{self.name}.png")

    def faults(self) -> list[str]:
        """Return the serious and critical faults that axe-core finds."""
        if not _AXE.exists():
            pytest.skip("scripts/prove installs Node's packages")
        # The driver may run scripts that the page's own policy refuses.
        found = self.page.evaluate(f"{_AXE.read_text()}; axe.run(document, {{resultTypes: ['violations']}})")
        serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in serious]

    def open(self, view: str) -> None:
        """Follow a link of the top."""
        self.page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()

    def check(self) -> None:
        """Fail if the browser complained of anything, or if another host was asked."""
        assert self.problems == []
        assert self.hosts == {urlsplit(self.url).netloc}

    def agree(self, act: str) -> None:
        """Agree in the dialog."""
        self.page.get_by_role("dialog").get_by_role("button", name=act).click()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Return a service with users, sessions and counts, some of them with hostile names."""
    folder = tmp_path_factory.mktemp("console")
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/keyturn.db",
        "KEY_ENCRYPTION_KEY": base64url.encode(bytes(range(32))),
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(folder, settings) as service:
        token = post(service, "/auth/login", {"username": USERNAME, "password": PASSWORD})["access_token"]
        for name in (HOSTILE, "carol", "dave", "Zoë"):
            post(service, "/admin/users", {"username": name, "password": PASSWORD}, token=token)
        post(service, "/admin/clients", CLIENT, token=token)
        for username, agent in ((HOSTILE, AGENT), *(("carol", each) for each in AGENTS)):
            post(service, "/auth/login", {"username": username, "password": PASSWORD}, agent=agent)
        store_counts(folder / "keyturn.db")
        yield service


def post(service: Service, path: str, body: object, *, token: str = "", agent: str = "curl/8") -> Any:
    """Send a request, which must succeed, and return the body of the answer."""
    headers = {"Content-Type": "application/json", "User-Agent": agent}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    sent = Request(f"{service.url}{path}", json.dumps(body).encode(), headers)  # noqa: S310  # a URL of ours
    with urlopen(sent, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above
        return json.load(answer)


def store_counts(database: Path) -> None:
    """Store the counts of the last day, as an instance in use does."""
    last = int(time.time()) // 60 * 60 - 120
    times = range(last - 86_400, last, 60)
    rows = [(f"count-{at}", at, EVENT_COUNTS, "", "", json.dumps(counts_of(at))) for at in times]
    with closing(sqlite3.connect(database, timeout=TIMEOUT_SECONDS)) as connection, connection:
        connection.executemany(
            "INSERT INTO audit_events (event_id, at, name, request_id, address, details) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )


def counts_of(at: int) -> dict[str, int]:
    """Return counts that look like those of a day: many by day, few by night, with a few floods of refusals."""
    minute = at // 60
    day = 1 - abs(minute % 1_440 - 780) / 780
    counts = {"login_succeeded": round(3 + 40 * day + minute * 7_919 % 9), "login_failed": minute * 31 % 5}
    if minute % 397 < 14:
        counts["login_failed"] += 30
    if minute % 331 == 0:
        counts["reuse_detected"] = 1 + minute // 331 % 2
    return counts


@pytest.fixture(params=SCREENS)
def console(service: Service, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Console]:
    """Return the console in a new browser, on each kind of screen. The narrow one is dark."""
    playwright = pytest.importorskip("playwright.sync_api", reason="scripts/prove installs playwright")
    width, height = SCREENS[request.param]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=_CHROMIUM,
            headless=True,
            args=_FLAGS,
            viewport={"width": width, "height": height},
            color_scheme="dark" if request.param == "narrow" else "light",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
        )
        yield Console(browser.pages[0], service.url, request.param)
        browser.close()


def sign_in(console: Console) -> None:
    """Sign in by the keyboard alone."""
    console.see("Sign in", picture="sign-in")
    for text in (USERNAME, PASSWORD):
        console.page.keyboard.type(text)
        console.page.keyboard.press("Tab")
    console.page.keyboard.press("Enter")
    console.see("Users", picture="users")


def find(console: Console, beginning: str, username: str) -> None:
    """Find a user by the beginning of their name."""
    console.open("Users")
    console.see("Users")
    console.page.get_by_role("searchbox").fill(beginning)
    console.page.keyboard.press("Enter")
    console.page.get_by_role("link", name=username).click()


def test_user_is_told_why_they_were_signed_out(console: Console) -> None:
    """An administrator signs in, finds a user, ends a session, and reads why it ended."""
    sign_in(console)
    find(console, "car", "carol")
    console.see("carol", picture="user")
    live = console.page.get_by_role("button", name="End the session of")
    before = live.count()
    live.first.click()
    console.agree("End it")
    live.nth(before - 1).wait_for(state="detached")
    console.page.get_by_role("link", name="Why was I signed out?").last.click()
    console.see("Why was I signed out?", picture="session")
    assert console.page.get_by_text("an administrator ended it").count() == 1
    console.check()


def test_names_that_others_chose_are_text(console: Console) -> None:
    """What a user and a device are named is shown as it is, and nothing of it is run."""
    sign_in(console)
    find(console, "<img", HOSTILE)
    console.see(HOSTILE)
    assert console.page.get_by_text(AGENT).count() >= 1
    assert console.page.locator("main img, main script").count() == 0
    console.page.get_by_role("button", name="End all sessions").click()
    assert HOSTILE in console.page.get_by_role("dialog").inner_text()
    assert console.faults() == []
    console.agree("Cancel")
    console.check()


def test_keys_clients_and_plots(console: Console) -> None:
    """The keys are rotated, the plots are drawn, a reload stays signed in, and nothing is left after the sign-out."""
    page = console.page
    sign_in(console)
    console.open("Keys")
    console.see("Signing keys")
    page.get_by_role("button", name="Rotate the keys").click()
    console.agree("Rotate")
    page.get_by_text("The keys are rotated.").wait_for()
    console.see("Signing keys", picture="keys")
    console.open("Clients")
    console.see("Clients", picture="clients")
    console.open("Activity")
    console.see("Activity")
    page.get_by_role("link", name="24 hours").click()
    page.locator("svg rect").nth(80).wait_for(state="attached")
    console.see("Activity", picture="activity")
    page.reload()
    console.see("Activity")
    page.get_by_role("button", name="Sign out").click()
    console.see("Sign in")
    assert page.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0
    console.check()


def test_other_pages_cannot_frame_it(console: Console) -> None:
    """A page that puts the console into a frame gets an error in its place (clickjacking)."""
    console.page.goto(f"{console.url}/docs")
    console.page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: '/console'}))")
    console.page.wait_for_timeout(300)
    frames = [each for each in console.page.frames if each.url.endswith("/console")]
    assert [each.locator("#view").count() for each in frames if not each.is_detached()] in ([], [0])
