"""A service below a path: the issuer has a path, and a proxy removes it from each request."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from app.adapters.http.api.login import DeviceCookie
from app.guard import remote_guard
from app.testing.builders import AUDIENCE, PASSWORD

from .conftest import Start
from .guarded_app import guarded_app, hello
from .path_proxy import PathProxy

LOGIN: Final = {"username": "alice", "password": PASSWORD}
WRONG: Final = {"username": "alice", "password": "wrong"}


@dataclass
class Published:
    """A service below a path, and a client that keeps cookies as a browser does."""

    url: str
    browser: ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Return the status and the JSON of a response."""
        async with self.browser.request(method, self.url + path, **options) as response:
            return response.status, await response.json(content_type=None) if response.status != 204 else None


@pytest.fixture(params=[True, False], ids=["metadata passed on", "only below the path"])
async def published(request: pytest.FixtureRequest, start: Start) -> AsyncIterator[Published]:
    """Return a service at ``/id`` of a proxy. Its tokens are valid at the real time."""
    async with (
        PathProxy("/id", passes_metadata=request.param) as proxy,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser,
    ):
        service = await start(issuer=proxy.url)
        service.use_real_time()
        proxy.service_url = service.url
        yield Published(proxy.url, browser)


async def test_owner_is_a_known_device(published: Published) -> None:
    """The cookie comes back below the path. So the owner signs in while strangers are refused."""
    assert (await published.ask("POST", "/auth/login", json=LOGIN))[0] == 200
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as stranger:
        statuses = [
            (await Published(published.url, stranger).ask("POST", "/auth/login", json=WRONG))[0] for _ in range(11)
        ]
    assert statuses[-1] == 429
    assert (await published.ask("POST", "/auth/login", json=LOGIN))[0] == 200


async def test_every_link_leads_to_the_service(published: Published) -> None:
    """The server of the OpenAPI document, the URLs of the metadata and the files of the page exist for clients."""
    _, document = await published.ask("GET", "/openapi.json")
    assert document["servers"] == [{"url": published.url}]
    _, metadata = await published.ask("GET", "/.well-known/oauth-authorization-server")
    links = [value for name, value in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))]
    assert len(links) == 4
    async with published.browser.get(f"{published.url}/docs") as response:
        page = await response.text()
    assert response.status == 200
    names = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert names
    for link in (*links, *(urljoin(f"{published.url}/docs", name) for name in names)):
        async with published.browser.request("POST" if "/oauth/" in link else "GET", link) as response:
            assert response.status in (200, 401, 415), link
            assert b"other site" not in await response.read()


async def test_guard_follows_its_issuer(published: Published) -> None:
    """The guard of another service finds keys and feed below the path, and refuses the token of an ended session. It
    does so also if the host of the proxy has another site at the place of RFC 8414 §3.1.
    """
    guard = remote_guard(issuer=published.url, audience=AUDIENCE, poll=3_600)
    _, tokens = await published.ask("POST", "/auth/login", json=LOGIN)
    async with TestClient(TestServer(guarded_app(guard, [web.get("/", hello)]))) as orders:
        assert (guard.state().keys_fault, guard.state().feed_fault) == ("", "")
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await orders.get("/", headers=bearer)).status == 200
        assert (await published.ask("POST", "/auth/logout", json=tokens))[0] == 204
        await guard._follower.poll_feed()
        assert (await orders.get("/", headers=bearer)).status == 401


@pytest.mark.parametrize("path", ["/a%20b", "/A/b-c", "/a;b=c"])
async def test_issuer_with_unusual_path_has_its_metadata(start: Start, path: str) -> None:
    """The place of RFC 8414 §3.1 exists for every path that an issuer can have."""
    service = await start(issuer=f"https://id.example{path}")
    async with (
        ClientSession() as client,
        client.get(f"{service.url}/.well-known/oauth-authorization-server{path}") as answer,
    ):
        assert answer.status == 200


@pytest.mark.parametrize(
    ("issuer_path", "cookie_path"),
    [
        ("", "/auth"),
        ("/id", "/id/auth"),
        ("/id/2", "/id/2/auth"),
        ("/a%20b", "/a%20b/auth"),
        ("/a;b/c", "/"),
        ("/a/b;c", "/a"),
    ],
)
def test_cookie_path(issuer_path: str, cookie_path: str) -> None:
    """The cookie is for the sign-in below the path of the issuer. A ";" cannot be in it, so it ends before."""
    assert DeviceCookie(max_age=1, secure=True, issuer_path=issuer_path).path == cookie_path


@pytest.mark.parametrize("issuer", ["https://id.example/id", "https://id.example/id/"])
async def test_slash_at_the_end_changes_no_link(start: Start, issuer: str) -> None:
    """With or without a slash at its end, an issuer has the same cookie and the same URLs."""
    service = await start(issuer=issuer)
    assert "; Path=/id/auth;" in (await service.login()).headers["Set-Cookie"]
    document = (await service.ask("GET", "/openapi.json")).json()
    assert document["servers"] == [{"url": "https://id.example/id"}]
    metadata = (await service.ask("GET", "/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == issuer
    assert urlsplit(metadata["jwks_uri"]).path == "/id/.well-known/jwks.json"
