"""The examples for nginx and Caddy: what the real ones pass on, and what they limit."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestServer

from tests.servers.ports import free_port

from .certificates import Certificate
from .proxies import HAS_CADDY, HAS_NGINX, running_caddy, running_nginx

_FIRST: Final = "127.200.1.1"
_SECOND: Final = "127.200.1.2"
_LIMIT: Final = 100
"""The requests of one address that the nginx example lets through at the same time."""

_LONGEST_HEADER: Final = "Bearer " + "a" * 8_160

needs_nginx = pytest.mark.skipif(not HAS_NGINX, reason="nginx is not here")
needs_caddy = pytest.mark.skipif(not HAS_CADDY, reason="Caddy is not here")


class Upstream:
    """Stands for Keyturn: it returns what it was sent. While it is held, it answers nobody."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.waiting = 0

    async def serve(self, request: web.Request) -> web.Response:
        """Return the path, the headers that matter and the length of the body."""
        body = await request.read()
        self.waiting += 1
        await self.goes_on.wait()
        self.waiting -= 1
        forwarded = request.headers.getall("X-Forwarded-For")
        sent = {"path": request.path, "forwarded": forwarded, "host": request.host, "length": len(body)}
        return web.json_response({**sent, "authorization": len(request.headers.get("Authorization", ""))})


@pytest.fixture
async def upstream() -> AsyncIterator[tuple[Upstream, str]]:
    """Return a server and its address."""
    upstream, app = Upstream(), web.Application(client_max_size=2**20, handler_args={"max_field_size": 16_384})
    app.router.add_route("*", "/{path:.*}", upstream.serve)
    async with TestServer(app) as server:
        yield upstream, f"127.0.0.1:{server.port}"


Ask = Callable[..., Any]


class Proxied:
    """A running proxy. ``ask`` sends a request to it from an address of this machine."""

    def __init__(self, port: int, authority: Path) -> None:
        self._url = f"https://localhost:{port}"
        self._context = ssl.create_default_context(cafile=authority)

    async def ask(self, path: str, *, source: str = _FIRST, **options: Any) -> tuple[int, dict[str, Any]]:
        """Return the status and the members of the answer."""
        connector = TCPConnector(local_addr=(source, 0), ssl=self._context, family=socket.AF_INET)
        async with (
            ClientSession(connector=connector) as session,
            session.request(options.pop("method", "GET"), self._url + path, **options) as answer,
        ):
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else {}


Start = Callable[..., AbstractContextManager[Path]]


@pytest.fixture
def proxied(
    request: pytest.FixtureRequest, upstream: tuple[Upstream, str], certificate: Certificate, tmp_path: Path
) -> Iterator[Proxied]:
    """Run the example that the test names."""
    server, example = request.param
    port, options = free_port(), {"certificate": certificate} if server == "nginx" else {}
    start: Start = running_nginx if server == "nginx" else running_caddy
    with start(tmp_path / "proxy", example, port=port, upstream=upstream[1], **options) as authority:
        yield Proxied(port, authority)


NGINX = pytest.param(("nginx", "keyturn.conf"), id="nginx", marks=needs_nginx)
CADDY = pytest.param(("caddy", "Caddyfile"), id="Caddy", marks=needs_caddy)
NGINX_BELOW = pytest.param(("nginx", "keyturn-below-a-path.conf"), id="nginx below a path", marks=needs_nginx)
CADDY_BELOW = pytest.param(("caddy", "Caddyfile-below-a-path"), id="Caddy below a path", marks=needs_caddy)


@pytest.mark.parametrize("proxied", [NGINX, CADDY], indirect=True)
async def test_what_is_passed_on(proxied: Proxied) -> None:
    """The last address of ``X-Forwarded-For`` is the client's, whatever it sent. The longest token passes, and
    so does a body that Keyturn itself refuses.
    """
    headers = {"X-Forwarded-For": "192.0.2.1", "Authorization": _LONGEST_HEADER}
    status, passed = await proxied.ask("/auth/login", method="POST", data=b"x" * 20_000, headers=headers)
    assert (status, passed["path"], passed["length"]) == (200, "/auth/login", 20_000)
    assert passed["forwarded"][-1].split(", ")[-1] == _FIRST
    assert passed["host"].startswith("localhost")
    assert passed["authorization"] == len(_LONGEST_HEADER)


@pytest.mark.parametrize("proxied", [NGINX_BELOW, CADDY_BELOW], indirect=True)
async def test_the_path_is_taken_off(proxied: Proxied) -> None:
    """The proxy takes the path of the issuer off. The metadata, whose URL begins otherwise, arrives as it was sent.
    Nothing else does.
    """
    assert (await proxied.ask("/id/auth/me"))[1]["path"] == "/auth/me"
    metadata = "/.well-known/oauth-authorization-server"
    assert (await proxied.ask(f"{metadata}/id"))[1]["path"] == f"{metadata}/id"
    assert (await proxied.ask(f"/id{metadata}"))[1]["path"] == metadata
    for other in ("/auth/me", metadata, "/", "/idle"):
        assert (await proxied.ask(other))[0] == 404


@pytest.mark.parametrize("proxied", [NGINX], indirect=True)
async def test_a_large_body_ends_at_nginx(proxied: Proxied) -> None:
    """A body of more than 64 KiB gets no further than nginx."""
    assert (await proxied.ask("/auth/login", method="POST", data=b"x" * 100_000))[0] == 413


@pytest.mark.parametrize("proxied", [NGINX], indirect=True)
async def test_one_address_is_limited(proxied: Proxied, upstream: tuple[Upstream, str]) -> None:
    """While 100 requests of one address wait, nginx answers 429 to the next one, and lets another address through."""
    held = upstream[0]
    held.goes_on.clear()
    requests = [asyncio.create_task(proxied.ask("/auth/me")) for _ in range(_LIMIT)]
    async with asyncio.timeout(30):
        while held.waiting < _LIMIT:  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(0.02)
    assert (await proxied.ask("/auth/me"))[0] == 429
    other = asyncio.create_task(proxied.ask("/auth/me", source=_SECOND))
    async with asyncio.timeout(30):
        while held.waiting == _LIMIT:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0.02)
    held.goes_on.set()
    assert {status for status, _ in await asyncio.gather(*requests, other)} == {200}
