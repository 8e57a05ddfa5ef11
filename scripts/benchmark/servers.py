"""The measured servers. Each is a process on the measured core."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from app.service.settings import Settings
from tests.servers.ports import free_port

from . import cores
from .load import Server
from .processes import running

USERNAME: Final = "bench"
PASSWORD: Final = "correct horse battery staple"  # noqa: S105  # of a user who ends with the benchmark

NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})

_NO_LIMITS: Final = {
    f"KEYTURN_{name}_BUDGET": "1000000/1s"
    for name in ("LOGIN_ACCOUNT", "LOGIN_ADDRESS", "LOGIN_DEVICE", "LOGIN_NETWORK", "REFRESH", "TOKEN")
}
"""The benchmark sends more requests than the default rate limits allow."""

_CHEAP_HASH: Final = {"KEYTURN_PASSWORD_HASH_MEMORY": "8192", "KEYTURN_PASSWORD_HASH_ITERATIONS": "1"}
"""Most services sign in before they are measured, and only then."""

DEFAULT_HASH: Final[Mapping[str, str]] = {
    "KEYTURN_PASSWORD_HASH_MEMORY": str(Settings().password_hash_memory),
    "KEYTURN_PASSWORD_HASH_ITERATIONS": str(Settings().password_hash_iterations),
}
"""The hash of a service whose sign-ins are measured."""


@contextmanager
def service(
    settings: Mapping[str, str] = NO_SETTINGS,
    *,
    on: Sequence[int] = (cores.MEASURED,),
    sessions: range = range(0),
) -> Iterator[Server]:
    """Run the service on these cores with default settings, except ``settings``. It logs to a file and begins with
    sessions of these numbers.
    """
    module = "scripts.benchmark.seeded" if sessions else "app"
    with running(["-m", module, "serve"], environment(settings, sessions), on) as (process, announcement):
        yield Server(pid=process.pid, port=port_of(announcement), sessions=sessions)


@contextmanager
def peer(name: str, variables: Mapping[str, str] = NO_SETTINGS) -> Iterator[Server]:
    """Run one of the peers."""
    arguments = ["-m", f"scripts.benchmark.peers.{name}"]
    with running(arguments, {**os.environ, **variables}, (cores.MEASURED,)) as (process, announcement):
        yield Server(pid=process.pid, port=int(announcement))


def environment(settings: Mapping[str, str], sessions: range) -> dict[str, str]:
    """Return the environment of a service with these settings, which begins with sessions of these numbers."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("KEYTURN_")},
        "KEYTURN_PORT": "0",
        "KEYTURN_BOOTSTRAP_USERNAME": USERNAME,
        "KEYTURN_BOOTSTRAP_PASSWORD": PASSWORD,
        **_NO_LIMITS,
        **_CHEAP_HASH,
        "SEED": f"{sessions.start} {sessions.stop}",
        **settings,
    }


def port_of(announcement: str) -> int:
    """Return the port in the first line that a service prints."""
    return int(announcement.rpartition(":")[2])


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
    variables = {**os.environ, "ISSUER": f"http://127.0.0.1:{service.port}", "JWK_SET": json.dumps(jwk_set)}
    with running(["-m", "scripts.benchmark.routes"], variables, (cores.MEASURED,)) as (process, announcement):
        plain, local, remote = (Server(pid=process.pid, port=int(port)) for port in announcement.split())
        yield plain, local, remote


@contextmanager
def asgi_routes(service: Server, jwk_set: object) -> Iterator[tuple[Server, Server, Server, Server]]:
    """Run the process of ASGI applications to compare with. Yield Starlette without a guard and behind one, and FastAPI
    without a guard and behind one.
    """
    variables = {**os.environ, "ISSUER": f"http://127.0.0.1:{service.port}", "JWK_SET": json.dumps(jwk_set)}
    with running(["-m", "scripts.benchmark.asgi_routes"], variables, (cores.MEASURED,)) as (process, announcement):
        one, two, three, four = (Server(pid=process.pid, port=int(port)) for port in announcement.split())
        yield one, two, three, four
