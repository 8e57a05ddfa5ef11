"""Two instances that share a store."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from .load import PASSWORD, USERNAME
from .processes import NO_SETTINGS, Service, running
from .refreshing_clients import OK, UNAUTHORIZED

_AT_ONCE: Final = 20
_STEP_SECONDS: Final = 0.02


class Instances:
    """Two instances on a store. ``clients`` has an HTTP client of each."""

    def __init__(self, services: list[Service], clients: list[ClientSession]) -> None:
        self._services = services
        self.clients = clients

    async def ask(self, instance: int, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON body of an answer of one instance."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self.clients[instance].request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json(content_type=None) if await answer.read() else None

    async def sign_in(self, instance: int = 0) -> dict[str, str]:
        """Sign in as the administrator. Return the tokens."""
        status, granted = await self.ask(instance, "POST", "/auth/login", username=USERNAME, password=PASSWORD)
        assert status == OK, granted
        return dict(granted)

    async def administrator(self) -> str:
        """Return an access token of the administrator."""
        return (await self.sign_in())["access_token"]

    async def accepted(self, instance: int, access_tokens: list[str]) -> int:
        """Return how many of the access tokens an instance accepts. It refuses the others."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def status(token: str) -> int:
            async with gate:
                return (await self.ask(instance, "GET", "/auth/me", token))[0]

        statuses = await asyncio.gather(*map(status, access_tokens))
        assert set(statuses) <= {OK, UNAUTHORIZED}
        return statuses.count(OK)

    async def wait_until_refused(self, instance: int, access_tokens: list[str]) -> None:
        """Wait until an instance accepts none of the access tokens."""
        while await self.accepted(instance, access_tokens):  # noqa: ASYNC110  # only polling shows it
            await asyncio.sleep(_STEP_SECONDS)

    async def check_refreshes_are_refused(self, refresh_tokens: list[str]) -> None:
        """Check that no instance accepts one of the refresh tokens."""
        for token in refresh_tokens:
            for each in (0, 1):
                assert (await self.ask(each, "POST", "/auth/refresh", refresh_token=token))[0] == UNAUTHORIZED

    def log(self) -> str:
        """Return the logs of both."""
        return "".join(each.log() for each in self._services)


@asynccontextmanager
async def two_instances(
    folder: Path, settings: Mapping[str, str], *, variables: Mapping[str, str] = NO_SETTINGS
) -> AsyncIterator[Instances]:
    """Start two instances with the same settings. ``variables`` are further environment variables."""
    async with AsyncExitStack() as life:
        services, clients = [], []
        for name in ("one", "other"):
            (folder / name).mkdir()
            services.append(life.enter_context(running(folder / name, settings, variables=variables)))
            client = ClientSession(services[-1].url, cookie_jar=DummyCookieJar())
            clients.append(await life.enter_async_context(client))
        yield Instances(services, clients)
