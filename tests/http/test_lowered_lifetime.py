"""A revoked token stays refused when the lifetime of access tokens is changed and the service restarts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from dependency_injector import providers

from app.adapters.keys.rsa_key import to_stored_key
from app.domain.errors import AlreadyExists
from app.domain.scope import Scope
from app.service.application import CONTAINER, create_application
from app.service.container import Container
from app.service.settings import Settings
from app.testing.builders import PASSWORD
from app.testing.keys import FakeKeyStore
from app.testing.system import NOW, FakeClock
from tests.servers.ports import free_port

from .fake_issuer import FollowingApp
from .guarded_app import AUDIENCE, hello
from .service import DEFAULT_SETTINGS
from .stand_ins import QuickHasher

FOUR_HOURS: Final = 14_400


class Issuer:
    """A service on one port and one SQLite file, which can be restarted with another lifetime of access tokens."""

    def __init__(self, key: RSAPrivateKey, folder: Path) -> None:
        self._key = to_stored_key(key)
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._database_url = f"sqlite:///{folder}/keyturn.db"
        self.clock = FakeClock(NOW)

    @asynccontextmanager
    async def running(self, lifetime: int) -> AsyncIterator[None]:
        """Serve inside the block, with access tokens of ``lifetime`` seconds."""
        settings: dict[str, Any] = {
            **DEFAULT_SETTINGS,
            "issuer": self.url,
            "audience": (AUDIENCE,),
            "replay_window": 10,
        }
        app = self._application(
            Settings(**{**settings, "access_token_ttl": lifetime, "database_url": self._database_url})
        )
        self._container: Container = app[CONTAINER]
        await self._container.database().prepare()
        runner = web.AppRunner(app)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True).start()
            self._client = await stack.enter_async_context(ClientSession(self.url))
            yield

    def _application(self, settings: Settings) -> web.Application:
        with (
            Container.machine_clock.override(providers.Object(self.clock)),
            Container.key_store.override(providers.Singleton(FakeKeyStore, self._key)),
            Container.argon2.override(providers.Singleton(QuickHasher)),
        ):
            return create_application(settings)

    async def sign_in(self) -> str:
        """Return the access token of a new session of Alice."""
        with suppress(AlreadyExists):
            await self._container.accounts().create("alice", PASSWORD, scope=Scope.parse("account"))
        async with self._client.post("/auth/login", json={"username": "alice", "password": PASSWORD}) as answer:
            assert answer.status == 200, await answer.text()
            token: str = (await answer.json())["access_token"]
            return token

    async def status(self, token: str, method: str = "GET", path: str = "/auth/me") -> int:
        """Return the status of a request with ``token``."""
        async with self._client.request(method, path, headers={"Authorization": f"Bearer {token}"}) as answer:
            return answer.status

    async def sweep(self) -> None:
        """Forget what is old, as the service does every second."""
        await self._container.retention().sweep()

    def guarded(self) -> FollowingApp:
        """Return an application whose guard follows this service."""
        return FollowingApp(self, [web.get("/", hello)])  # type: ignore[arg-type]  # it reads the URL and the clock


@pytest.fixture
def issuer(signing_key: RSAPrivateKey, tmp_path: Path) -> Issuer:
    """Return a service that does not run yet."""
    return Issuer(signing_key, tmp_path)


async def check_refused(issuer: Issuer, token: str, *guards: FollowingApp) -> None:
    """Check that the service refuses the token, the guards that follow it, and a guard that starts now."""
    async with issuer.guarded() as fresh:
        assert await issuer.status(token) == 401
        assert await fresh.status(token) == 401
    for guarded in guards:
        issuer.clock.advance(2)
        assert (await guarded.poll()).feed_fault == ""
        assert await guarded.status(token) == 401
        assert (await guarded.poll()).feed_fault == ""
        assert await guarded.status(token) == 401


async def test_a_token_revoked_after_the_lifetime_was_lowered_stays_refused(issuer: Issuer) -> None:
    """A token of 4 hours is revoked under a lifetime of 60 s. It is refused at once, 153 s later, and after the
    lifetime is 4 hours again: by the service, by guards that have followed it all the time, and by new guards.
    """
    async with AsyncExitStack() as stack:
        async with issuer.running(FOUR_HOURS):
            token = await issuer.sign_in()
            guarded = await stack.enter_async_context(issuer.guarded())
            assert (await issuer.status(token), await guarded.status(token)) == (200, 200)
        async with issuer.running(60):
            assert (await issuer.status(token), await guarded.status(token)) == (200, 200)
            assert await issuer.status(token, "POST", "/auth/logout") == 204
            await check_refused(issuer, token, guarded)
            issuer.clock.advance(153)
            await issuer.sweep()
            await check_refused(issuer, token, guarded)
        async with issuer.running(FOUR_HOURS):
            await issuer.sweep()
            await check_refused(issuer, token, guarded)
            other = await issuer.sign_in()
            issuer.clock.advance(2)
            assert (await guarded.poll()).feed_fault == ""
            issuer.clock.advance(1_000)
            assert (await guarded.poll()).feed_fault == ""
            assert (await issuer.status(other), await guarded.status(other)) == (200, 200)


async def test_a_long_token_ends_with_the_lowered_lifetime(issuer: Issuer) -> None:
    """A token of 4 hours that nobody revoked is accepted for 60 s and the leeway after the lifetime was lowered."""
    async with AsyncExitStack() as stack:
        async with issuer.running(FOUR_HOURS):
            token = await issuer.sign_in()
            guarded = await stack.enter_async_context(issuer.guarded())
        async with issuer.running(60):
            issuer.clock.advance(80)
            await guarded.poll()
            assert (await issuer.status(token), await guarded.status(token)) == (200, 200)
            issuer.clock.advance(11)
            await check_refused(issuer, token, guarded)
