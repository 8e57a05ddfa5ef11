"""Count the functions and files of ``app/`` that one request runs through, without log lines and with them."""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import aiohttp

from app.adapters.http.server.binding import bind
from app.adapters.telemetry.logs import configure_logging
from app.service.instance import create_runner
from app.service.settings import Settings

ROOT: Final = Path(__file__).parent.parent / "app"
USERNAME: Final = "alice"
PASSWORD: Final = "correct horse battery"  # noqa: S105  # of a user in memory


class Calls:
    """The functions that were called, in the order of their first calls."""

    def __init__(self) -> None:
        self.functions: dict[CodeType, None] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note every function of ``app/`` that this thread calls in this context. Comprehensions do not count."""
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(f"{ROOT}/") and not code.co_name.endswith("comp>"):
            self.functions[code] = None

    def files(self) -> set[str]:
        """Return the files of the functions."""
        return {code.co_filename for code in self.functions}

    def report(self, title: str, *, listed: bool) -> None:
        """Print the numbers of functions and files, and the functions if ``listed``."""
        print(f"{title}: {len(self.functions)} functions in {len(self.files())} files")
        for code in self.functions if listed else ():
            print(f"  {Path(code.co_filename).relative_to(ROOT)}:{code.co_firstlineno} {code.co_qualname}")


async def count(log_level: str, *, listed: bool) -> None:
    """Sign in and refresh twice, and count the second time: the first time fills caches."""
    settings = Settings.from_environment(
        {"KEYTURN_BOOTSTRAP_USERNAME": USERNAME, "KEYTURN_BOOTSTRAP_PASSWORD": PASSWORD}
    )
    with redirect_stderr(StringIO()):
        configure_logging(log_level)
    sockets = await bind("127.0.0.1", 0)
    runner = create_runner(settings)
    await runner.setup()
    try:
        await runner.listen(sockets)
        async with aiohttp.ClientSession(str(sockets[0])) as client:
            tokens = await _post(client, "/auth/login", username=USERNAME, password=PASSWORD)
            tokens = await _post(client, "/auth/refresh", refresh_token=tokens["refresh_token"])
            login, refresh = Calls(), Calls()
            with login.watching():
                await _post(client, "/auth/login", username=USERNAME, password=PASSWORD)
            with refresh.watching():
                await _post(client, "/auth/refresh", refresh_token=tokens["refresh_token"])
    finally:
        await runner.cleanup()
    login.report(f"login, log level {log_level}", listed=listed)
    refresh.report(f"refresh, log level {log_level}", listed=listed)


async def _post(client: aiohttp.ClientSession, path: str, **members: str) -> dict[str, Any]:
    async with client.post(path, json=members) as response:
        answer: dict[str, Any] = await response.json()
        if not response.ok:
            raise SystemExit(f"POST {path} was answered {response.status}: {answer}")
        return answer


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--list", action="store_true", help="print the functions in the order of their first call")
    listed = arguments.parse_args().list
    for log_level in ("error", "info"):
        asyncio.run(count(log_level, listed=listed))
