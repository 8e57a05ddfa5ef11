"""Signals to a service whose start waits for a store."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final

import pytest

from app.adapters.sql.migration import _LOCK
from app.adapters.sql.store import SqlStore
from app.ports.session_store import StoreOptions
from tests.servers.ports import free_port
from tests.servers.postgres import running_postgres
from tests.servers.silent import silent_server

from .processes import ROOT, SERVE, TEST_SETTINGS, TIMEOUT_SECONDS, environment
from .worker_processes import add_key, children, is_alive, running_workers, signal_all, wait_until, wait_until_ended

_NAMESPACE: Final = ("unshare", "--pid", "--fork", "--kill-child")
_HAS_NAMESPACES: Final = (
    os.geteuid() == 0
    and shutil.which("unshare") is not None
    and subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
)

_LONG: Final = "60s"
"""The time limit of the stores: longer than a test waits."""


@contextmanager
def _silent_postgres(_: Path) -> Iterator[dict[str, str]]:
    with silent_server() as port:
        yield {"DATABASE_URL": f"postgresql://keyturn:hunter-two@127.0.0.1:{port}/keyturn"}


@contextmanager
def _silent_redis(folder: Path) -> Iterator[dict[str, str]]:
    with silent_server() as port:
        yield {"DATABASE_URL": f"sqlite:///{folder}/keyturn.db", "SESSION_URL": f"redis://:hunter-two@127.0.0.1:{port}"}


@contextmanager
def _silent_redis_cluster(folder: Path) -> Iterator[dict[str, str]]:
    with _silent_redis(folder) as settings:
        yield settings | {"SESSION_URL": settings["SESSION_URL"].replace("redis://", "redis+cluster://")}


@contextmanager
def _locked_file(folder: Path) -> Iterator[dict[str, str]]:
    """Another process migrates the file."""
    file = folder / "keyturn.db"
    asyncio.run(SqlStore(f"sqlite:///{file}", StoreOptions()).prepare())
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield {"DATABASE_URL": f"sqlite:///{file}"}


@contextmanager
def _migrated_postgres(_: Path) -> Iterator[dict[str, str]]:
    """Another process migrates the database."""
    with running_postgres(durable=False) as server, server.advisory_lock(_LOCK):
        yield {"DATABASE_URL": server.url()}


_TERM, _INT = signal.SIGTERM, signal.SIGINT
_Store = Callable[[Path], AbstractContextManager[dict[str, str]]]


@pytest.mark.proof("deployments")
@pytest.mark.parametrize(
    ("store", "workers", "number", "place"),
    [
        pytest.param(_silent_postgres, 1, _TERM, "PostgreSQL at 127.0.0.1 port ", id="PostgreSQL says nothing"),
        pytest.param(_silent_postgres, 2, _TERM, "PostgreSQL at 127.0.0.1 port ", id="nothing, two workers"),
        pytest.param(_silent_postgres, 2, _INT, "PostgreSQL at 127.0.0.1 port ", id="nothing, two workers, Ctrl-C"),
        pytest.param(_silent_redis, 1, _INT, "Redis at 127.0.0.1 port ", id="Redis says nothing"),
        pytest.param(_silent_redis_cluster, 1, _TERM, "Redis at 127.0.0.1 port ", id="a cluster says nothing"),
        pytest.param(_locked_file, 1, _INT, "the SQLite file ", id="a file is migrated"),
        pytest.param(_locked_file, 2, _TERM, "the SQLite file ", id="a file is migrated, two workers"),
        pytest.param(_migrated_postgres, 1, _TERM, "PostgreSQL at 127.0.0.1 port ", id="PostgreSQL is migrated"),
    ],
)
def test_signal_ends_a_start_that_waits(
    tmp_path: Path, store: _Store, workers: int, number: signal.Signals, place: str
) -> None:
    """A start that waits for a store says for which one. SIGTERM and Ctrl-C end all its processes at once, although the
    store may take a minute, and its port is free again.
    """
    add_key(tmp_path)
    port = free_port()
    fixed = {"WORKERS": str(workers), "KEYS_DIR": f"{tmp_path}/keys", "STORE_TIMEOUT": _LONG, "PORT": str(port)}
    log = tmp_path / "log"
    with store(tmp_path) as settings, log.open("wb") as error:
        every = environment({**TEST_SETTINGS, **fixed, **settings})
        process = subprocess.Popen(SERVE, cwd=ROOT, env=every, stderr=error)
        try:
            wait_until(lambda: "waiting for" in log.read_text("utf-8"), "the line that says what is waited for")
            started = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
            assert len(started) == (workers > 1)
            process.send_signal(number)
            assert process.wait(TIMEOUT_SECONDS) == -number
            wait_until_ended(map(int, started))
        finally:
            process.kill()
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert lines[-2]["message"].startswith(f"waiting for {place}")
    assert lines[-1]["signal"] == number.name
    assert "hunter-two" not in log.read_text("utf-8")
    socket.create_server(("127.0.0.1", port)).close()


@pytest.mark.skipif(not _HAS_NAMESPACES, reason="only root can start the first process of a namespace, with unshare")
@pytest.mark.parametrize("number", [_TERM, _INT])
def test_signal_ends_the_first_process_of_a_container(tmp_path: Path, number: signal.Signals) -> None:
    """The kernel keeps the default effect of a signal from the first process of a container. It ends at once, too: with
    the exit status that a shell gives for the signal.
    """
    log = tmp_path / "log"
    with _silent_postgres(tmp_path) as settings, log.open("wb") as error:
        every = environment({**TEST_SETTINGS, **settings, "STORE_TIMEOUT": _LONG})
        process = subprocess.Popen([*_NAMESPACE, *SERVE], cwd=ROOT, env=every, stderr=error)
        try:
            wait_until(lambda: "waiting for" in log.read_text("utf-8"), "the line that says what is waited for")
            (first,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
            os.kill(int(first), number)
            assert process.wait(TIMEOUT_SECONDS) == 128 + number
        finally:
            process.kill()


@pytest.mark.parametrize("arguments", [("database", "upgrade"), ("users", "list")])
def test_ctrl_c_ends_a_command_that_waits(tmp_path: Path, arguments: Sequence[str]) -> None:
    """Ctrl-C ends a command that waits for the lock of a migration at once, without a traceback."""
    with _locked_file(tmp_path) as settings:
        command = [sys.executable, "-m", "app", *arguments]
        error = tmp_path / "error"
        with error.open("wb") as written:
            process = subprocess.Popen(command, cwd=ROOT, env=environment(settings), stderr=written)
        try:
            wait_until(
                lambda: b"waiting for the SQLite file" in error.read_bytes(), "the line that says what is waited for"
            )
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT_SECONDS) == -signal.SIGINT
        finally:
            process.kill()
    assert "Traceback" not in error.read_text("utf-8")


def test_signal_ends_a_reload_that_waits(tmp_path: Path) -> None:
    """While the trial start of a SIGHUP waits for a store, SIGTERM drains and ends the service as ever."""
    with running_workers(tmp_path, {"STORE_TIMEOUT": _LONG}) as service:
        wait_until(lambda: len(children(service)) == 2, "the workers")
        with closing(sqlite3.connect(tmp_path / "keyturn.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            service.send_signal(signal.SIGHUP)
            wait_until(lambda: len(children(service)) == 3, "the trial start")
            started = children(service)
            service.send_signal(signal.SIGTERM)
            wait_until(lambda: not is_alive(started[-1]), "the end of the trial start")
        assert service.exit_status() == 0
        assert "the settings were read again" not in service.log()
        assert "Traceback" not in service.log()
        wait_until_ended(started)


def test_signal_ends_workers_that_wait(tmp_path: Path) -> None:
    """Workers that replace others while the store says nothing end at once. The parent does not wait for them."""
    with running_postgres(durable=False) as server:
        settings = {"DATABASE_URL": server.url(), "STORE_TIMEOUT": _LONG}
        with running_workers(tmp_path, settings) as service, server.stopped():
            before = children(service)
            signal_all(before, signal.SIGKILL)
            wait_until(lambda: len({*children(service)} - {*before}) == 2, "the next workers")
            service.wait_for_log("(waiting for PostgreSQL)")
            started = children(service)
            service.send_signal(signal.SIGTERM)
            assert service.exit_status() == 0
            wait_until_ended(started)
