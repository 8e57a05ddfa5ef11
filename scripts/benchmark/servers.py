"""The measured servers. Each is a process on the measured core."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final

from tests.servers.ports import free_port

from . import cores
from .load import Server

USERNAME: Final = "bench"
PASSWORD: Final = "correct horse battery staple"  # noqa: S105  # of a user who ends with the benchmark

NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})

_NO_LIMITS: Final = {
    f"KEYTURN_{name}_BUDGET": "1000000/1s"
    for name in ("LOGIN_ACCOUNT", "LOGIN_ADDRESS", "LOGIN_DEVICE", "LOGIN_NETWORK", "REFRESH", "TOKEN")
}
"""The benchmark sends more requests than the default rate limits allow."""

_SHUTDOWN_SECONDS: Final = 10


@contextmanager
def service(settings: Mapping[str, str] = NO_SETTINGS, *, on: Sequence[int] = (cores.MEASURED,)) -> Iterator[Server]:
    """Run the service on these cores with default settings, except ``settings``. Its log is discarded."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")},
        "KEYTURN_PORT": "0",
        "KEYTURN_BOOTSTRAP_USERNAME": USERNAME,
        "KEYTURN_BOOTSTRAP_PASSWORD": PASSWORD,
        **_NO_LIMITS,
        **settings,
    }
    with _running(["-m", "app", "serve"], environment, on) as (process, announcement):
        yield Server(pid=process.pid, port=int(announcement.rpartition(":")[2]))


@contextmanager
def key_directory() -> Iterator[Path]:
    """Yield a temporary folder for signing keys."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def own_issuer() -> dict[str, str]:
    """Return settings of a service that other services can reach at its issuer's URL."""
    port = free_port()
    return {"KEYTURN_PORT": str(port), "KEYTURN_ISSUER": f"http://127.0.0.1:{port}"}


@contextmanager
def routes(service: Server, jwk_set: object) -> Iterator[tuple[Server, Server, Server]]:
    """Run the aiohttp process to compare with. Yield its three servers: without a guard, behind a local guard, and
    behind a remote guard that follows ``service``.
    """
    environment = {**os.environ, "ISSUER": f"http://127.0.0.1:{service.port}", "JWK_SET": json.dumps(jwk_set)}
    with _running(["-m", "scripts.benchmark.routes"], environment, (cores.MEASURED,)) as (process, announcement):
        plain, local, remote = (Server(pid=process.pid, port=int(port)) for port in announcement.split())
        yield plain, local, remote


@contextmanager
def _running(
    arguments: list[str], environment: Mapping[str, str], on: Sequence[int]
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start Python. Yield the process and the first line that it prints."""
    with tempfile.TemporaryFile("w+") as log:
        with cores.children_run_on(*on):
            process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        try:
            yield process, _announcement(process, log)
        finally:
            process.terminate()
            try:
                process.wait(_SHUTDOWN_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()


def _announcement(process: subprocess.Popen[str], log: IO[str]) -> str:
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = process.stdout.readline().strip()
    if not line:
        process.wait(_SHUTDOWN_SECONDS)
        log.seek(0)
        raise SystemExit(f"A server did not start:\n{log.read()}")
    return line
