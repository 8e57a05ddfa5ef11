"""A running service for the tests: a real server on 127.0.0.1, with a clock that the test sets."""

import asyncio
import json
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web, web_app
from dependency_injector import providers
from multidict import CIMultiDict, CIMultiDictProxy

from app.adapters.http.openapi.document import OPENAPI
from app.adapters.http.server.metrics_page import metrics_page
from app.adapters.http.server.runner import Runner
from app.domain.keys.stored_key import StoredKey
from app.domain.login.user import User
from app.domain.rate_limits.rate_limit import RateLimit
from app.domain.scope import Scope
from app.domain.sessions import ratchet
from app.domain.sessions.replaced import ReplacedSecrets
from app.domain.sessions.session import Session
from app.ports.signer import Signer
from app.service.application import CONTAINER, create_application
from app.service.container import Container
from app.service.instance import bind_metrics
from app.service.settings import Settings
from app.testing.builders import AUDIENCE, ISSUER, PASSWORD
from app.testing.keys import FakeKeyStore
from app.testing.system import FakeClock
from tests.metrics import Metrics

from .conformance import conformance_of
from .stand_ins import QuickHasher, StandInStore, WatchedAuditRecorder

DEFAULT_SETTINGS: Final[dict[str, Any]] = {
    "issuer": ISSUER,
    "audience": (AUDIENCE,),
    "password_hash_memory": 8_192,
    "password_hash_iterations": 1,
    "password_hash_threads": 1,
    "refresh_timeout": 20,
    "refresh_budget": RateLimit(1_000_000, 366 * 86_400),
}
"""The settings of tests. A test may replace some of them."""

JSON: Final = {"Content-Type": "application/json"}

_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    @property
    def problem(self) -> tuple[int, str]:
        """The status and the code of a problem. Body and status line must agree (RFC 9457)."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self
        problem = self.json()
        prefix, _, code = problem["type"].rpartition(":")
        assert (prefix, problem["status"]) == ("urn:keyturn:problem", self.status)
        assert {"title", "detail"} <= problem.keys()
        return self.status, code


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two tokens of a token response."""

    access: str
    refresh: str

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Read the tokens from a response, which must be a token response."""
        assert answer.status == 200, answer
        return cls(answer.json()["access_token"], answer.json()["refresh_token"])


class Service:
    """One running instance. Its only user is Alice, until a test adds others."""

    url: str
    metrics_url: str

    def __init__(self, key: StoredKey, settings: Settings, *, hashing: bool, signer: Signer | None = None) -> None:
        fakes: list[tuple[providers.Provider[Any], providers.Provider[Any]]] = [
            (Container.machine_clock, providers.Singleton(FakeClock)),
            (
                Container.audit_recorder,
                providers.Singleton(WatchedAuditRecorder, records=Container.audit_record_repository),
            ),
            (Container.key_store, providers.Singleton(FakeKeyStore, key)),
            (Container.database, providers.Singleton(StandInStore)),
        ]
        if not hashing:
            fakes.append((Container.argon2, providers.Singleton(QuickHasher)))
        if signer is not None:
            fakes.append((Container.signer, providers.Object(signer)))
        with ExitStack() as overridden:
            for part, fake in fakes:
                overridden.enter_context(part.override(fake))
            self.app = create_application(settings)
        self.container: Container = self.app[CONTAINER]
        self._conformance = conformance_of(self.app[OPENAPI].body)
        self.clock: FakeClock = self.container.machine_clock()  # type: ignore[assignment]  # it is the fake
        recorder: WatchedAuditRecorder = self.container.audit_recorder()  # type: ignore[assignment]  # it is the fake
        self.audit = recorder.trail
        store: StandInStore = self.container.database()  # type: ignore[assignment]  # it is the fake
        self.sessions, self.users = store.sessions, store.users
        self._life = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.runner = Runner(self.app, shutdown_timeout=0.5, access_log=True)
        self._life.push_async_callback(self.runner.cleanup)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.host, self.port = self.runner.addresses[0][:2]
        self.url = f"http://{self.host}:{self.port}"
        connector = TCPConnector(limit=0)
        self._client = await self._life.enter_async_context(
            ClientSession(self.url, connector=connector, cookie_jar=DummyCookieJar())
        )
        await self._show_metrics()
        await self.create_user("alice")
        return self

    async def _show_metrics(self) -> None:
        sockets = await bind_metrics(self.container.settings())
        if sockets:
            self.metrics_url = str(sockets[0])
            await self._life.enter_async_context(metrics_page(sockets, self.container.telemetry().exposition))

    async def __aexit__(self, *_: object) -> None:
        await self._life.aclose()
        # aiohttp caches the middleware chains of the last 1,024 routes, and with them applications of 3 MB each.
        web_app._cached_build_middleware.cache_clear()

    async def create_user(self, username: str, password: str = PASSWORD, *, scope: str = "account orders:read") -> User:
        """Add a user and return them."""
        user: User = await self.container.accounts().create(username, password, scope=Scope.parse(scope))
        self.audit.events.clear()
        return user

    def change_user(self, user: User, **changes: Any) -> None:
        """Change a stored user directly."""
        self.users.repository._users[user.subject] = replace(user, **changes)

    async def stored_session(self, tokens: Tokens) -> Session:
        """Return the stored session of a token."""
        session: Session | None = await self.sessions.repository.find(ratchet.parse(tokens.refresh).session_id)
        assert session is not None
        return session

    async def store_session(self, session: Session) -> None:
        """Add a session to the store directly."""
        await self.sessions.repository.add(session)

    async def change_session(self, tokens: Tokens, **changes: Any) -> Session:
        """Change the stored session of a token directly, and return it."""
        changed = replace(await self.stored_session(tokens), **changes)
        self.sessions.repository._sessions.pop(changed.session_id)
        await self.store_session(changed)
        return changed

    async def forget_replaced_digests(self, tokens: Tokens) -> None:
        """Leave of what the session's rotations replaced only what the previous version of this program keeps."""
        session = await self.stored_session(tokens)
        salt, rotated_at = session.replaced.last_salt(), session.rotated_at
        await self.change_session(tokens, replaced=ReplacedSecrets.stored(b"", last_salt=salt, rotated_at=rotated_at))

    async def ask(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Answer:
        """Send a request, with ``token`` as its bearer token.

        Fails if the OpenAPI document does not describe the response.
        """
        if token is not None:
            options["headers"] = {"Authorization": f"Bearer {token}", **options.get("headers", {})}
        async with self._client.request(method, path, **options) as response:
            answer = Answer(response.status, response.headers, await response.read())
        self._conformance.check(method, path, answer)
        return answer

    async def scrape(self) -> str:
        """Return the text of ``/metrics``."""
        async with self._client.request("GET", f"{self.metrics_url}/metrics") as response:
            assert response.status == 200
            return await response.text()

    async def metrics(self) -> Metrics:
        """Return the metrics."""
        return Metrics.parse(await self.scrape())

    async def login(self, username: str = "alice", password: str = PASSWORD, **members: object) -> Answer:
        """Log in."""
        return await self.ask("POST", "/auth/login", json={"username": username, "password": password, **members})

    async def sign_in(self, username: str = "alice", *, scope: str | None = None) -> Tokens:
        """Log in and return the tokens."""
        return Tokens.of(await self.login(username, scope=scope))

    async def refresh(self, refresh_token: str, **members: object) -> Answer:
        """Present a refresh token."""
        return await self.ask("POST", "/auth/refresh", json={"refresh_token": refresh_token, **members})

    async def rotate(self, tokens: Tokens) -> Tokens:
        """Present a refresh token, which must work, and return the new tokens."""
        return Tokens.of(await self.refresh(tokens.refresh))

    def use_real_time(self) -> None:
        """Set the clock to the real time, as if the service had started with it."""
        self.clock.time = time.time()
        trusted = self.container.clock()
        trusted.trust(trusted.offset())

    def pass_replay_window(self) -> None:
        """Let the replay window pass. Every token that was replaced before is then outdated."""
        self.clock.advance(self.container.settings().session_policy.replay_window)

    async def me(self, token: str) -> Answer:
        """Request ``/auth/me``."""
        return await self.ask("GET", "/auth/me", token=token)

    async def send(self, raw: bytes, *, end: bool = False) -> Answer:
        """Send bytes on a new connection, close the sending side if ``end``, and return the first response."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                writer.write(raw)
                if end:
                    writer.write_eof()
                return await _read_answer(reader)
        finally:
            writer.close()
            await writer.wait_closed()


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    status_line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")[:-2]
    named = (line.partition(": ") for line in lines)
    headers = CIMultiDict((name, value) for name, _, value in named)
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return Answer(int(status_line.split()[1]), CIMultiDictProxy(headers), body)
