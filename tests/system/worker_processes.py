"""A service of several workers: who they are, and a connection to each of them."""

import http.client
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from app.adapters.keys.directory import create_key_file

from .load import PASSWORD, USERNAME
from .processes import NONE, PATIENCE_SECONDS, Service, running

_STEP_SECONDS: Final = 0.02


def add_key(folder: Path, *, activates_at: float = 0.0) -> None:
    """Make a signing key for the service in ``folder``, which signs from that moment (seconds since the epoch) on."""
    create_key_file(folder / "keys", bits=2048, passphrase=None, activates_at=activates_at)


@contextmanager
def running_workers(folder: Path, settings: Mapping[str, str] = NONE, **options: Any) -> Iterator[Service]:
    """Start a service of two workers on a key and a SQLite file in ``folder``, which are made where they are not there,
    with a user; end it whatever happens.
    """
    keys = folder / "keys"
    if not keys.exists():
        add_key(folder)
    defaults = {
        "WORKERS": "2",
        "DATABASE_URL": f"sqlite:///{folder}/keyturn.db",
        "KEYS_DIR": str(keys),
        "KEY_ROTATION_PERIOD": "0",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
        "PASSWORD_HASH_QUEUE": "1000",
    }
    with running(folder, {**defaults, **settings}, **options) as service:
        try:
            yield service
        finally:
            workers = children(service)
            service.send(signal.SIGKILL)
            with suppress(ProcessLookupError):
                signal_all(workers, signal.SIGKILL)


def children(service: Service) -> list[int]:
    """Return the processes of the workers that there are, ready or not."""
    if not service.runs():
        return []
    return [int(pid) for pid in Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()]


@contextmanager
def connections(service: Service, *, count: int = 2) -> Iterator[dict[int, http.client.HTTPConnection]]:
    """Yield a connection to each of ``count`` workers, by the worker's process, once so many answer."""
    found: dict[int, http.client.HTTPConnection] = {}

    def all_answer() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
        if found.setdefault(_who_answers(service, connection), connection) is not connection:
            connection.close()
        return len(found) == count

    try:
        until(all_answer, f"answers of {count} workers")
        yield found
    finally:
        for each in found.values():
            each.close()


def get(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] = NONE) -> int:
    """Return the status of an answer."""
    connection.request("GET", path, headers=dict(headers))
    with connection.getresponse() as response:
        response.read()
        return response.status


def signal_all(processes: Iterable[int], number: signal.Signals) -> None:
    """Send each of the processes a signal."""
    for pid in processes:
        os.kill(pid, number)


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for what must come soon."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(_STEP_SECONDS)


def until_gone(processes: Iterable[int]) -> None:
    """Wait for the end of all of them."""
    until(lambda: not any(map(lives, processes)), "the end of these processes")


def lives(pid: int) -> bool:
    """Tell whether there is a process that is more than the memory of its exit status."""
    try:
        state = re.search(r"(?m)^State:\t(\w)", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state is not None and state[1] != "Z"


def _who_answers(service: Service, connection: http.client.HTTPConnection) -> int:
    """Return the worker that the log names as the one that answered."""
    connection.request("GET", "/livez")
    response = connection.getresponse()
    response.read()
    return int(service.logged(rf'"answered", "worker": (\d+), "request_id": "{response.getheader("X-Request-Id")}"'))
