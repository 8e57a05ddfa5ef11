"""Instances in this process that share a store, each with a clock of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar, web
from dependency_injector import providers

from app.adapters.http.server.runner import Runner
from app.adapters.memory.store import MemoryStore
from app.ports.clock import Clock
from app.service.application import create_application
from app.service.container import Container
from app.service.open_stores import prepare_stores
from app.service.settings import Settings

from .backends import Backend
from .load import PASSWORD, USERNAME
from .processes import TEST_SETTINGS, environment
from .refreshing_clients import OK

_SHUTDOWN_SECONDS: Final = 0.5


class Instance:
    """A running instance."""

    def __init__(self, client: ClientSession) -> None:
        self._client = client

    async def sign_in(self) -> str:
        """Sign in. Return the refresh token."""
        status, granted = await self._post("/auth/login", {"username": USERNAME, "password": PASSWORD})
        assert status == OK, granted
        return str(granted["refresh_token"])

    async def refresh(self, token: str) -> str | None:
        """Return the refresh token that the instance answers with; ``None`` if it refuses ``token``."""
        status, answer = await self._post("/auth/refresh", {"refresh_token": token})
        return str(answer["refresh_token"]) if status == OK else None

    async def _post(self, path: str, body: dict[str, str]) -> tuple[int, dict[str, Any]]:
        async with self._client.post(path, json=body) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def instances_with_clocks(store: Backend, *clocks: Clock) -> AsyncIterator[list[Instance]]:
    """Yield an instance for each clock. All share the store, also if it is in memory."""
    settings = Settings.from_environment(environment({**TEST_SETTINGS, **store.settings}))
    await prepare_stores(settings)
    async with AsyncExitStack() as life:
        with ExitStack() as overridden:
            if store.kind == "memory":
                shared = MemoryStore("memory://", settings.store_options)
                overridden.enter_context(Container.database.override(providers.Object(shared)))
            applications = [_application(settings, clock) for clock in clocks]
        yield [await _start(each, life) for each in applications]


def _application(settings: Settings, clock: Clock) -> web.Application:
    with Container.machine_clock.override(providers.Object(clock)):
        return create_application(settings)


async def _start(application: web.Application, life: AsyncExitStack) -> Instance:
    runner = Runner(application, shutdown_timeout=_SHUTDOWN_SECONDS, access_log=False)
    life.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    client = ClientSession(f"http://{host}:{port}", cookie_jar=DummyCookieJar())
    return Instance(await life.enter_async_context(client))
