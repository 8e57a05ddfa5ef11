"""Services that are healthy and services that are sick, each in one way."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

from app.adapters.keys.directory import create_key_file
from tests.servers.ports import free_port
from tests.servers.valkey import DURABLE, Valkey, running_valkey
from tests.system.clocked_instances import MovedClock
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import SERVE, Service, running
from tests.system.store_faults import small_disk
from tests.system.worker_processes import children, running_workers, signal_all

from .recording import Scenario, Watched

SICK_FROM: Final = 4
"""The number of the scrape before which a service becomes sick."""

_DAY: Final = 86_400
_USER: Final = {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}
_JSON: Final = {"Content-Type": "application/json"}
_GUARDED: Final = """
import sys
from aiohttp import web
from prometheus_client import start_http_server
from app.guard import guard_metrics, remote_guard
issuer, port = sys.argv[1:]
start_http_server(int(port), addr="127.0.0.1")
app = web.Application()
remote_guard(issuer=issuer, audience="keyturn", telemetry=guard_metrics()).protect(app)
web.run_app(app, host="127.0.0.1", port=0)
"""


def _once(act: Callable[[], object]) -> Callable[[int], object]:
    """Return what acts when the service becomes sick."""
    return lambda number: act() if number == SICK_FROM else None


def _often(act: Callable[[], object]) -> Callable[[int], object]:
    """Return what acts before each scrape from then on."""
    return lambda number: act() if number >= SICK_FROM else None


def _ask(service: Service, path: str, body: Mapping[str, str], **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(f"{service.url}{path}", json.dumps(body).encode(), _JSON | headers)  # noqa: S310  # a URL of ours
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # as above
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, {}


def _sign_in(service: Service, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
    return _ask(service, "/auth/login", {"username": USERNAME, "password": password})


def _refresh(service: Service, token: str) -> tuple[int, dict[str, Any]]:
    return _ask(service, "/auth/refresh", {"refresh_token": token})


def _sqlite(folder: Path) -> dict[str, str]:
    create_key_file(folder / "keys", bits=2048, passphrase=None, activates_at=0.0)
    return {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db", "KEYS_DIR": str(folder / "keys"), **_USER}


@contextmanager
def _measured(folder: Path, settings: Mapping[str, str], **options: Any) -> Iterator[tuple[Service, str]]:
    """Yield a running service and the URL of its metrics."""
    port = free_port()
    with running(folder, {"METRICS_PORT": str(port), **settings}, **options) as service:
        yield service, f"http://127.0.0.1:{port}/metrics"


@contextmanager
def _on_valkey(folder: Path, settings: Mapping[str, str], **options: Any) -> Iterator[tuple[Service, str, Valkey]]:
    with running_valkey(folder / "valkey", *DURABLE) as valkey:
        own = _sqlite(folder) | {"SESSION_URL": valkey.url, **settings}
        with _measured(folder, own, **options) as (service, metrics):
            yield service, metrics, valkey


def simple(act: Callable[[Service], Callable[[int], object]], settings: Mapping[str, str] | None = None) -> Scenario:
    """Return a scenario of one service with a SQLite file. ``act`` returns what happens to it."""

    @contextmanager
    def scenario(folder: Path) -> Iterator[Watched]:
        with _measured(folder, {**_sqlite(folder), **(settings or {})}) as (service, metrics):
            yield Watched(metrics, act(service))

    return scenario


def on_valkey(
    act: Callable[[Service, Valkey], Callable[[int], object]], settings: Mapping[str, str] | None = None
) -> Scenario:
    """Return a scenario of one service with Valkey."""

    @contextmanager
    def scenario(folder: Path) -> Iterator[Watched]:
        with _on_valkey(folder, settings or {}) as (service, metrics, valkey):
            yield Watched(metrics, act(service, valkey))

    return scenario


def nothing(*_: object) -> Callable[[int], object]:
    """Let nothing happen."""
    return lambda number: None


def _used(service: Service) -> Callable[[int], object]:
    """Let a user sign in and refresh, and now and then mistake the password."""

    def use(number: int) -> None:
        _, granted = _sign_in(service)
        _refresh(service, granted["refresh_token"])
        if number % 8 == 0:
            _sign_in(service, "not " + PASSWORD)

    return use


@contextmanager
def busy_workers(folder: Path) -> Iterator[Watched]:
    """Run two workers that are used."""
    port = free_port()
    with running_workers(folder, {"METRICS_PORT": str(port)}) as service:
        yield Watched(f"http://127.0.0.1:{port}/metrics", _used(service))


def stopped_worker(*, replaced: bool) -> Scenario:
    """Return a scenario of two workers, of which one hangs. Their parent replaces it, unless it hangs too."""

    @contextmanager
    def scenario(folder: Path) -> Iterator[Watched]:
        port = free_port()
        with running_workers(folder, {"METRICS_PORT": str(port)}) as service:
            hanging = children(service)[:1] + ([] if replaced else [service.pid])
            yield Watched(f"http://127.0.0.1:{port}/metrics", _once(lambda: signal_all(hanging, signal.SIGSTOP)))

    return scenario


def _thefts(service: Service) -> None:
    for _ in range(10):
        _, granted = _sign_in(service)
        for _ in range(2):
            _refresh(service, granted["refresh_token"])


def _wrong_secrets(service: Service) -> None:
    basic = "Basic " + b64encode(b"nobody:nothing").decode()
    request = urllib.request.Request(  # noqa: S310  # a URL of ours
        f"{service.url}/oauth/token", b"grant_type=client_credentials", {"Authorization": basic}
    )
    for _ in range(40):
        try:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310  # as above
        except HTTPError as error:
            assert error.code == 401  # noqa: PT017  # any other answer is a fault of this scenario


def _many_connections(service: Service) -> None:
    with ExitStack() as opened:
        for _ in range(20):
            opened.enter_context(socket.create_connection(("127.0.0.1", service.port), source_address=("127.0.0.9", 0)))
        time.sleep(0.2)


def _at_once(number: int, act: Callable[[], object]) -> None:
    with ThreadPoolExecutor(number) as threads:
        list(threads.map(lambda _: act(), range(number)))


def _slow_store(service: Service, valkey: Valkey) -> Callable[[int], object]:
    _, granted = _sign_in(service)

    def hold_up() -> None:
        valkey.execute("CLIENT", "PAUSE", 1_500)
        _at_once(4, lambda: _refresh(service, granted["refresh_token"]))

    return _often(hold_up)


@contextmanager
def unread_log(folder: Path) -> Iterator[Watched]:
    """Run a service whose standard error nobody reads."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    command = ("/bin/sh", "-c", 'exec "$@" 2>"$PIPE"', "sh", *SERVE)
    opened = os.open(pipe, os.O_RDWR)
    try:
        with _measured(folder, _sqlite(folder), command=command, variables={"PIPE": str(pipe)}) as (service, metrics):
            yield Watched(metrics, _often(lambda: _fill_log(service)))
    finally:
        os.close(opened)


def _fill_log(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    for _ in range(400):
        connection.request("GET", "/livez")
        connection.getresponse().read()
    connection.close()


@contextmanager
def overdue_key(folder: Path) -> Iterator[Watched]:
    """Run a service whose key is 40 days old and cannot be replaced, because the disk is full."""
    with small_disk(folder / "disk", 1) as disk:
        (disk / "keys").mkdir()
        create_key_file(disk / "keys", bits=2048, passphrase=None, activates_at=0.0)
        made_at = time.time() - 40 * _DAY
        for file in (disk / "keys").iterdir():
            os.utime(file, (made_at, made_at))
        _fill(disk / "filler")
        with _measured(folder, {"KEYS_DIR": str(disk / "keys")}) as (_, metrics):
            yield Watched(metrics)


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return


@contextmanager
def lost_keys(folder: Path) -> Iterator[Watched]:
    """Run a service whose directory of keys disappears."""
    with _measured(folder, _sqlite(folder)) as (_, metrics):
        yield Watched(metrics, _once(lambda: (folder / "keys").rename(folder / "elsewhere")))


@contextmanager
def wrong_clock(folder: Path) -> Iterator[Watched]:
    """Run a service whose clock is 20 seconds behind the store's."""
    clock = MovedClock(folder / "clock", ahead=-20.0)
    with _on_valkey(folder, {}, variables=clock.variables) as (_, metrics, _):
        yield Watched(metrics)


@contextmanager
def bugs(folder: Path) -> Iterator[Watched]:
    """Run a service whose table of rate limits is lost, so that each sign-in fails."""
    with _measured(folder, _sqlite(folder)) as (service, metrics):

        def fail() -> None:
            with closing(sqlite3.connect(folder / "keyturn.db", timeout=30)) as database:
                database.execute("DROP TABLE IF EXISTS budgets")
            _sign_in(service, "not " + PASSWORD)

        yield Watched(metrics, _often(fail))


def guarded(act: Callable[[Service, Service], Callable[[int], object]]) -> Scenario:
    """Return a scenario of an application with a remote guard. ``act`` gets its issuer and the application."""

    @contextmanager
    def scenario(folder: Path) -> Iterator[Watched]:
        port = free_port()
        for each in ("issuer", "app"):
            (folder / each).mkdir()
        listens_at = free_port()
        own = {"PORT": str(listens_at), "ISSUER": f"http://127.0.0.1:{listens_at}"}
        with running(folder / "issuer", own) as issuer:
            command = (sys.executable, "-c", _GUARDED, issuer.url, str(port))
            with running(folder / "app", command=command, announcement=r"Running on (\S+)") as application:
                yield Watched(f"http://127.0.0.1:{port}/metrics", act(issuer, application))

    return scenario


def _killed(service: Service) -> Callable[[int], object]:
    return _once(lambda: service.send_signal(signal.SIGKILL))


SCENARIOS: Final[Mapping[str, tuple[str, Scenario, frozenset[str]]]] = {
    "healthy-idle": ("keyturn", simple(nothing), frozenset()),
    "healthy-idle-on-Valkey": ("keyturn", on_valkey(nothing), frozenset()),
    "healthy-two-workers-in-use": ("keyturn", busy_workers, frozenset()),
    "killed": ("keyturn", simple(_killed), frozenset({"KeyturnDown"})),
    "stolen-refresh-tokens": (
        "keyturn",
        simple(lambda service: _once(lambda: _thefts(service)), {"REPLAY_WINDOW": "0"}),
        frozenset({"KeyturnRefreshTokenReuse"}),
    ),
    "guessed-passwords": (
        "keyturn",
        simple(lambda service: _often(lambda: [_sign_in(service, "not " + PASSWORD) for _ in range(25)])),
        frozenset({"KeyturnLoginsRefused"}),
    ),
    "wrong-client-secrets": (
        "keyturn",
        simple(lambda service: _once(lambda: _wrong_secrets(service))),
        frozenset({"KeyturnClientsRefused"}),
    ),
    "too-many-connections": (
        "keyturn",
        simple(lambda service: _often(lambda: _many_connections(service)), {"CONNECTIONS_PER_ADDRESS": "4"}),
        frozenset({"KeyturnConnectionsRefused"}),
    ),
    "slow-store": (
        "keyturn",
        on_valkey(_slow_store, {"REFRESH_TIMEOUT": "1s"}),
        frozenset({"KeyturnOverloaded", "KeyturnServerErrors"}),
    ),
    "unread-log": ("keyturn", unread_log, frozenset({"KeyturnLogLinesDropped"})),
    "too-many-passwords": (
        "keyturn",
        simple(
            lambda service: _often(lambda: _at_once(6, lambda: _sign_in(service))),
            {
                "PASSWORD_HASH_QUEUE": "0",
                "PASSWORD_HASH_THREADS": "1",
                "PASSWORD_HASH_MEMORY": "65536",
                "PASSWORD_HASH_ITERATIONS": "4",
            },
        ),
        frozenset({"KeyturnPasswordHashesRefused", "KeyturnServerErrors"}),
    ),
    "store-away": (
        "keyturn",
        on_valkey(lambda service, valkey: _once(valkey.kill)),
        frozenset({"KeyturnStoreFailures", "KeyturnStoreRefusesWrites", "KeyturnRevocationsStale"}),
    ),
    "store-without-writes": (
        "keyturn",
        on_valkey(lambda service, valkey: _once(lambda: valkey.execute("CONFIG", "SET", "min-replicas-to-write", "1"))),
        frozenset({"KeyturnStoreRefusesWrites"}),
    ),
    "overdue-key": ("keyturn", overdue_key, frozenset({"KeyturnSigningKeyOverdue"})),
    "lost-keys": ("keyturn", lost_keys, frozenset({"KeyturnSigningKeysStale"})),
    "replaced-worker": ("keyturn", stopped_worker(replaced=True), frozenset()),
    "stopped-worker": (
        "keyturn",
        stopped_worker(replaced=False),
        frozenset({"KeyturnRevocationsStale", "KeyturnSigningKeysStale"}),
    ),
    "wrong-clock": ("keyturn", wrong_clock, frozenset({"KeyturnClockWrong"})),
    "bugs": ("keyturn", bugs, frozenset({"KeyturnServerErrors"})),
    "healthy-guard": ("orders", guarded(nothing), frozenset()),
    "guard-without-issuer": (
        "orders",
        guarded(lambda issuer, application: _killed(issuer)),
        frozenset({"OrdersRevocationsStale"}),
    ),
    "killed-guard": ("orders", guarded(lambda issuer, application: _killed(application)), frozenset({"OrdersDown"})),
}
"""The job of each scenario, its program, and all alerts that it makes fire."""
