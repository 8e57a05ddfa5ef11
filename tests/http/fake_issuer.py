"""An issuer whose answers and clock the test controls, and an application whose guard follows it."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final, Self

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.guard import GuardState, RemoteGuard, remote_guard
from app.testing.system import FakeClock

from .forgery import Forge
from .guarded_app import AUDIENCE, claims, jwk_set

METADATA: Final = "/.well-known/oauth-authorization-server"
JWKS: Final = "/keys"
FALLBACK: Final = "/.well-known/jwks.json"
FEED: Final = "/.well-known/revoked-sessions"

SID: Final = "AAAAAAAAAAAAAAAAAAAAAA"
"""The session of ``guarded_app.claims``."""

_TIMEOUT_SECONDS: Final = 5.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FakeIssuer:
    """Serves metadata, keys and a feed. The handlers in ``overrides`` replace its own, by path."""

    def __init__(self, forge: Forge, clock: FakeClock) -> None:
        self.clock = clock
        self.signer = forge
        self.forges = [forge]
        self.feed: dict[str, object] = {}
        self.fetches: Counter[str] = Counter()
        self.queries: list[str] = []
        self.overrides: dict[str, Handler] = {}
        self.max_age = 600
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        self.url = str(self._server.make_url("")).rstrip("/")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop the server."""
        await self._server.close()

    def metadata(self, **changes: object) -> dict[str, object]:
        """Return the metadata with ``changes``."""
        return {"issuer": self.url, "jwks_uri": self.url + JWKS, **changes}

    def jwk_set(self) -> dict[str, list[dict[str, object]]]:
        """Return the keys of all forges."""
        return {"keys": [jwk_set(forge)["keys"][0] for forge in self.forges]}

    def feed_claims(self, **changes: object) -> dict[str, object]:
        """Return the claims of a feed of now, changed by ``self.feed`` and ``changes``."""
        now = int(self.clock.now())
        return {
            "iss": self.url,
            "iat": now,
            "exp": now + 60,
            "as_of": now,
            "since": 0,
            "window": 990,
            "keys": [forge.kid for forge in self.forges],
            "dropped": [],
            "revoked": {},
            **self.feed,
            **changes,
        }

    def feed_text(self, *, signer: Forge | None = None, typ: str = "keyturn-revocations+jwt", **changes: object) -> str:
        """Return a signed feed."""
        return (signer or self.signer).token(self.feed_claims(**changes), typ=typ)

    async def wait_for_fetches(self, path: str, count: int) -> None:
        """Wait until ``path`` was fetched ``count`` times."""
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            while self.fetches[path] < count:  # noqa: ASYNC110  # the guard fetches in the background
                await asyncio.sleep(0.005)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.fetches[request.path] += 1
        if request.path in self.overrides:
            return await self.overrides[request.path](request)
        if request.path == METADATA:
            return web.json_response(self.metadata())
        if request.path in (JWKS, FALLBACK):
            headers = {"Cache-Control": f"public, max-age={self.max_age}"}
            return web.json_response(self.jwk_set(), headers=headers, content_type="application/jwk-set+json")
        if request.path == FEED:
            self.queries.append(request.query_string)
            return jwt(self.feed_text())
        raise web.HTTPNotFound


def token(issuer: FakeIssuer, forge: Forge | None = None, **header: object) -> str:
    """Return a valid token of the issuer."""
    return (forge or issuer.signer).token(claims(iss=issuer.url), **header)


def jwt(text: str, **headers: str) -> web.Response:
    """Return a response with a feed."""
    return web.Response(body=text.encode(), content_type="application/jwt", headers=headers)


def document(members: object) -> web.Response:
    """Return a response with JSON."""
    return web.Response(body=json.dumps(members).encode(), content_type="application/json")


class FollowingApp:
    """A guarded application. Its guard fetches when the test calls ``poll`` or ``fetch``, or when a token or a feed
    causes it.
    """

    def __init__(self, issuer: FakeIssuer, routes: list[web.AbstractRouteDef], **options: Any) -> None:
        self.guard: RemoteGuard = remote_guard(
            issuer=issuer.url, audience=AUDIENCE, clock=issuer.clock, poll=3_600, **options
        )
        self._app = web.Application()
        self._app.add_routes(routes)
        self.guard.protect(self._app)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(self._app))
        await self._stack.enter_async_context(self.client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def poll(self) -> GuardState:
        """Poll the feed."""
        await self.guard._follower.poll_feed()
        return self.guard.state()

    async def fetch(self) -> GuardState:
        """Fetch the keys."""
        await self.guard._follower.fetch_keys()
        return self.guard.state()

    async def status(self, token: str | None = None, path: str = "/") -> int:
        """Return the status of a response."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.client.get(path, headers=headers) as response:
            return response.status
