"""A service with several workers: its processes, and a connection to each worker."""

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
from .processes import NO_SETTINGS, TIMEOUT_SECONDS, Service, running

_STEP_SECONDS: Final = 0.02


def add_key(folder: Path, *, activates_at: float = 0.0) -> None:
    """Make a signing key in ``folder`` that signs from ``activates_at`` (seconds since the epoch) on."""
    create_key_file(folder / "keys", bits=2048, passphrase=None, activates_at=activates_at)


@contextmanager
def running_workers(folder: Path, settings: Mapping[str, str] = NO_SETTINGS, **options: Any) -> Iterator[Service]:
    """Start a service with two workers, a user, and a key and a SQLite file in ``folder``. Kill all of its processes at
    the end.
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
            service.send_signal(signal.SIGKILL)
            with suppress(ProcessLookupError):
                signal_all(workers, signal.SIGKILL)


def children(service: Service) -> list[int]:
    """Return the process ids of the workers, ready or not."""
    if not service.is_running():
        return []
    return [int(pid) for pid in Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()]


@contextmanager
def connections(service: Service, *, count: int = 2) -> Iterator[dict[int, http.client.HTTPConnection]]:
    """Yield a connection to each of ``count`` workers, by process id. Wait until so many workers answer."""
    found: dict[int, http.client.HTTPConnection] = {}

    def all_answer() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT_SECONDS)
        if found.setdefault(_answering_worker(service, connection), connection) is not connection:
            connection.close()
        return len(found) == count

    try:
        wait_until(all_answer, f"answers of {count} workers")
        yield found
    finally:
        for each in found.values():
            each.close()


def get(connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] = NO_SETTINGS) -> int:
    """Return the status of a GET request."""
    connection.request("GET", path, headers=dict(headers))
    with connection.getresponse() as response:
        response.read()
        return response.status


def signal_all(processes: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each of the processes."""
    for pid in processes:
        os.kill(pid, number)


def wait_until(reached: Callable[[], bool], what: str) -> None:
    """Wait until ``reached`` returns true. Fail after a timeout."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(_STEP_SECONDS)


def wait_until_ended(processes: Iterable[int]) -> None:
    """Wait until all of these processes have ended."""
    wait_until(lambda: not any(map(is_alive, processes)), "the end of these processes")


def is_alive(pid: int) -> bool:
    """Return whether the process exists and is not a zombie."""
    try:
        state = re.search(r"(?m)^State:\t(\w)", Path(f"/proc/{pid}/status").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state is not None and state[1] != "Z"


def _answering_worker(service: Service, connection: http.client.HTTPConnection) -> int:
    """Return the process id of the worker that answers on a connection, as the log names it."""
    connection.request("GET", "/livez")
    response = connection.getresponse()
    response.read()
    request_id = response.getheader("X-Request-Id")
    return int(service.wait_for_log(rf'"answered", "worker": (\d+), "request_id": "{request_id}"'))
