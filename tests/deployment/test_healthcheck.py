"""The health check of the image: whom it asks, and what it says."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.servers.ports import free_port

from .paths import DEPLOY


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """Serve ``/livez`` at a port and at a Unix socket. Return their names in settings."""

    async def livez(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_get("/livez", livez)
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await web.UnixSite(runner, str(tmp_path / "s")).start()
    yield {"port": str(port), "socket": f"unix:{tmp_path}/s"}
    await runner.cleanup()


async def check(**settings: str) -> tuple[int | None, str]:
    """Run the check. Return its exit status and its output."""
    variables = {f"KEYTURN_{name}": value for name, value in settings.items()}
    # A proxy of the environment would be asked in vain.
    variables["http_proxy"] = "http://127.0.0.1:1"
    run = await asyncio.create_subprocess_exec(
        sys.executable, DEPLOY / "healthcheck.py", env=variables, stderr=asyncio.subprocess.PIPE
    )
    return (await run.wait(), (await run.communicate())[1].decode())


async def test_it_finds_the_service(site: dict[str, str]) -> None:
    """The check finds the service at the address, at all addresses and at the Unix socket that the settings name."""
    for host in ("127.0.0.1", "localhost", "*", "0.0.0.0"):  # noqa: S104  # a setting's value
        assert await check(HOST=host, PORT=site["port"]) == (0, "")
    assert await check(HOST=site["socket"]) == (0, "")


async def test_it_says_that_nobody_answers() -> None:
    """Without a service the check fails with one sentence."""
    assert await check(PORT=str(free_port())) == (1, "the service does not answer: ConnectionRefusedError\n")
    assert await check(HOST="unix:/nowhere") == (1, "the service does not answer: FileNotFoundError\n")
