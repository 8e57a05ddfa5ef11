"""Two instances in processes of their own that share a store. The wall clock of the first one can be moved."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar

from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS, Service, running
from .refreshing_clients import OK

_MODULE_FOLDER: Final = Path(__file__).parent / "moved_clock"
_STEP_SECONDS: Final = 0.05


class MovedClock:
    """The wall clock of a process that is started with ``variables``."""

    def __init__(self, folder: Path, *, ahead: float) -> None:
        folder.mkdir()
        self._file = folder / "ahead"
        self.variables = {"PYTHONPATH": str(_MODULE_FOLDER), "MOVED_CLOCK": str(self._file)}
        self.move(ahead)

    def move(self, ahead: float) -> None:
        """Let the clock be ``ahead`` of the right one, in seconds."""
        new = self._file.with_suffix(".new")
        new.write_text(str(ahead), "ascii")
        os.replace(new, self._file)  # noqa: PTH105  # a reader finds the old text or the new one


class ClockedInstance:
    """An instance and its clock."""

    def __init__(self, service: Service, client: ClientSession, clock: MovedClock) -> None:
        self._service = service
        self._client = client
        self.clock = clock

    async def ask(self, method: str, path: str, token: str = "", **body: str) -> tuple[int, Any]:
        """Return the status and the JSON body of an answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        options: dict[str, Any] = {"json": body} if body else {}
        async with self._client.request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json(content_type=None) if await answer.read() else None

    async def sign_in(self) -> dict[str, str]:
        """Sign in, and return the tokens."""
        status, granted = await self.ask("POST", "/auth/login", username=USERNAME, password=PASSWORD)
        assert status == OK, granted
        return dict(granted)

    async def health(self) -> dict[str, str]:
        """Return the answer of ``/readyz``."""
        _, health = await self.ask("GET", "/readyz")
        return dict(health)

    async def wait_for(self, status: str) -> dict[str, str]:
        """Wait until ``/readyz`` has this status, and return its answer."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (health := await self.health())["status"] != status:
            assert time.monotonic() < deadline, (health, self.log())
            await asyncio.sleep(_STEP_SECONDS)
        return health

    def log(self) -> str:
        """Return the log."""
        return self._service.log()


@asynccontextmanager
async def clocked_instance(
    folder: Path, settings: Mapping[str, str], *, ahead: float = 0.0
) -> AsyncIterator[ClockedInstance]:
    """Start an instance whose clock is ahead."""
    clock = MovedClock(folder, ahead=ahead)
    async with AsyncExitStack() as life:
        service = life.enter_context(running(folder, settings, variables=clock.variables))
        client = await life.enter_async_context(ClientSession(service.url, cookie_jar=DummyCookieJar()))
        yield ClockedInstance(service, client, clock)
