"""Servers that fork their workers: each worker follows the issuer on one thread of its own."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest

from app.adapters.keys.rsa_key import generate_rsa_key
from app.domain import base64url
from app.testing.system import FakeClock
from tests.http.fake_issuer import FakeIssuer
from tests.http.forgery import Forge
from tests.http.guarded_app import claims
from tests.servers.ports import free_port

from .attacks import REVOKED_SID, bearer
from .drivers import ROOT, Driver

_WORKERS: Final = 3
_PATIENCE: Final = 60.0
_SID: Final = base64url.encode(b"another session!")

Workers = dict[int, dict[str, Any]]


@pytest.fixture
async def issuer() -> AsyncIterator[FakeIssuer]:
    """Return an issuer that has revoked nothing."""
    async with FakeIssuer(Forge(generate_rsa_key(2048)), FakeClock(time.time())) as issuer:
        yield issuer


def gunicorn(issuer: str, port: int, *options: str) -> list[str]:
    """Return the command of gunicorn."""
    factory = f"tests.guards.prefork_application:application{(issuer, *options)!r}"
    preload = ["--preload"] if options else []
    return [sys.executable, "-m", "gunicorn", f"-w{_WORKERS}", f"-b127.0.0.1:{port}", *preload, factory]


def uwsgi(issuer: str, port: int, *_: str) -> list[str]:
    """Return the command of uWSGI, which loads the application before it forks."""
    binary = str(Path(sys.executable).with_name("uwsgi"))
    options = ["--master", "--need-app", "--die-on-term", "--enable-threads", f"--processes={_WORKERS}"]
    return [binary, f"--http-socket=127.0.0.1:{port}", *options, "--module=tests.guards.prefork_application:served"]


@asynccontextmanager
async def serving(command: list[str], issuer: str) -> AsyncIterator[Process]:
    """Run a server. It must end after SIGTERM, without being killed."""
    paths = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
    environment = {**os.environ, "PYTHONPATH": paths}
    if "uwsgi" in command[0]:
        environment["PREFORK_ISSUER"] = issuer
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield process
        process.terminate()
        async with asyncio.timeout(_PATIENCE):
            assert await process.wait() == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()


@pytest.mark.parametrize(
    ("server", "options"),
    [
        pytest.param(gunicorn, (), id="gunicorn"),
        pytest.param(gunicorn, ("start",), id="gunicorn that loads and starts the guard before it forks"),
        pytest.param(uwsgi, ("start",), id="uWSGI that loads and starts the guard before it forks"),
    ],
)
async def test_each_worker_follows(
    server: Callable[..., list[str]], options: tuple[str, ...], issuer: FakeIssuer
) -> None:
    """Three workers learn that a session was revoked. So does one that replaces a killed one, and so do all after a
    reload. Each has one thread of the guard, and the server ends at once.
    """
    port = free_port()
    async with serving(server(issuer.url, port, *options), issuer.url) as process:
        driver, token = Driver(port), bearer(issuer.signer.token(claims(iss=issuer.url, sid=_SID)))
        await driver.wait_until_it_listens()
        await all_workers(driver, token, lambda each: each["revoked"] == 0)
        issuer.clock.time = time.time()
        issuer.feed = {"revoked": {REVOKED_SID: int(time.time())}}
        old = await all_workers(driver, token, lambda each: each["revoked"] == 1)
        os.kill(min(old), signal.SIGKILL)
        replaced = await all_workers(driver, token, lambda each: each["revoked"] == 1, without={min(old)})
        assert len(replaced.keys() & old.keys()) == _WORKERS - 1
        process.send_signal(signal.SIGHUP)
        reloaded = await all_workers(driver, token, lambda each: each["revoked"] == 1, without=replaced.keys())
        assert {each["threads"] for each in (*old.values(), *replaced.values(), *reloaded.values())} == {1}


async def all_workers(
    driver: Driver, token: tuple[bytes], condition: Callable[[dict[str, Any]], bool], without: Any = ()
) -> Workers:
    """Return what each of three workers says, once all of them fulfil the condition. Old workers do not count."""
    found: Workers = {}
    async with asyncio.timeout(_PATIENCE):
        while len(found) < _WORKERS:
            for reply in await asyncio.gather(*(driver.ask(b"/worker", token) for _ in range(2 * _WORKERS))):
                said = json.loads(reply.body) if reply.status == 200 else None
                if said is not None and said["pid"] not in without and condition(said):
                    found[said["pid"]] = said
    return found
