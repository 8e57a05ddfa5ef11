"""An issuer that says what a test wants it to say, on a clock that the test moves, and a guard that follows it."""

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

from .foreign import AUDIENCE, claims, jwk_set
from .forgery import Forge

METADATA: Final = "/.well-known/oauth-authorization-server"
JWKS: Final = "/keys"
FALLBACK: Final = "/.well-known/jwks.json"
FEED: Final = "/.well-known/revoked-sessions"

SID: Final = "AAAAAAAAAAAAAAAAAAAAAA"
"""The session of ``foreign.claims``."""

_PATIENCE_SECONDS: Final = 5.0

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StandInIssuer:
    """Serves metadata, keys and a feed; ``instead`` has handlers that answer in the place of its own."""

    def __init__(self, forge: Forge, clock: FakeClock) -> None:
        self.clock = clock
        self.signer = forge
        self.forges = [forge]
        self.feed: dict[str, object] = {}
        self.fetches: Counter[str] = Counter()
        self.queries: list[str] = []
        self.instead: dict[str, Handler] = {}
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
        """Stop answering."""
        await self._server.close()

    def metadata(self, **changes: object) -> dict[str, object]:
        """Return the metadata with changes."""
        return {"issuer": self.url, "jwks_uri": self.url + JWKS, **changes}

    def jwk_set(self) -> dict[str, list[dict[str, object]]]:
        """Return the keys of all forges."""
        return {"keys": [jwk_set(forge)["keys"][0] for forge in self.forges]}

    def feed_claims(self, **changes: object) -> dict[str, object]:
        """Return the claims of a feed of this moment, with what ``feed`` changes, and ``changes``."""
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

    async def asked(self, path: str, times: int) -> None:
        """Wait until ``path`` was asked for so often."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.fetches[path] < times:  # noqa: ASYNC110  # the guard does it on its own
                await asyncio.sleep(0.005)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.fetches[request.path] += 1
        if request.path in self.instead:
            return await self.instead[request.path](request)
        if request.path == METADATA:
            return web.json_response(self.metadata())
        if request.path in (JWKS, FALLBACK):
            headers = {"Cache-Control": f"public, max-age={self.max_age}"}
            return web.json_response(self.jwk_set(), headers=headers, content_type="application/jwk-set+json")
        if request.path == FEED:
            self.queries.append(request.query_string)
            return jwt(self.feed_text())
        raise web.HTTPNotFound


def token(issuer: StandInIssuer, forge: Forge | None = None, **header: object) -> str:
    """Return a good token of the issuer."""
    return (forge or issuer.signer).token(claims(iss=issuer.url), **header)


def jwt(text: str, **headers: str) -> web.Response:
    """Return the answer that a feed is."""
    return web.Response(body=text.encode(), content_type="application/jwt", headers=headers)


def document(members: object) -> web.Response:
    """Return a JSON answer."""
    return web.Response(body=json.dumps(members).encode(), content_type="application/json")


class Following:
    """A guarded application: its guard fetches when the test says so, or when a token asks for it."""

    def __init__(self, issuer: StandInIssuer, routes: list[web.AbstractRouteDef], **options: Any) -> None:
        self.guard: RemoteGuard = remote_guard(
            issuer=issuer.url, audience=AUDIENCE, clock=issuer.clock, poll=3_600, **options
        )
        self._app = web.Application()
        self._app.add_routes(routes)
        self.guard.protect(self._app)
        self._life = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(self._app))
        await self._life.enter_async_context(self.client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._life.aclose()

    async def poll(self) -> GuardState:
        """Poll the feed."""
        await self.guard._follower.poll_feed()
        return self.guard.state()

    async def fetch(self) -> GuardState:
        """Fetch the keys."""
        await self.guard._follower.fetch_keys()
        return self.guard.state()

    async def status(self, token: str | None = None, path: str = "/") -> int:
        """Return the status of an answer."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.client.get(path, headers=headers) as response:
            return response.status
