"""A service of several workers: who they are, and a connection to each of them."""

import http.client
import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from app.adapters.keys.directory import create_key_file

from .load import PASSWORD, USERNAME
from .processes import NONE, PATIENCE_SECONDS, SERVE, Service, running

_MANY_CONNECTIONS: Final = 200
_STEP_SECONDS: Final = 0.02


def add_key(folder: Path, *, activates_at: float = 0.0) -> Path:
    """Make a signing key; return the directory of the keys."""
    return create_key_file(folder / "keys", bits=2048, passphrase=None, activates_at=activates_at).parent


@contextmanager
def running_workers(
    folder: Path, settings: Mapping[str, str] = NONE, *, command: Sequence[str | Path] = SERVE
) -> Iterator[Service]:
    """Start a service of two workers on a key and a SQLite file in ``folder``, with a user; end it whatever happens."""
    defaults = {
        "WORKERS": "2",
        "DATABASE_URL": f"sqlite:///{folder}/keyturn.db",
        "KEYS_DIR": str(add_key(folder)),
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
        "PASSWORD_HASH_QUEUE": "1000",
    }
    with running(folder, {**defaults, **settings}, command=command) as service:
        try:
            yield service
        finally:
            _kill(service.pid, *children(service))


def children(service: Service) -> list[int]:
    """Return the processes of the workers that there are, ready or not."""
    try:
        listed = Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(pid) for pid in listed.split()]


@contextmanager
def connections(service: Service, *, count: int = 2) -> Iterator[dict[int, http.client.HTTPConnection]]:
    """Yield a connection to each of ``count`` workers, by the worker's process."""
    with ExitStack() as stack:
        found: dict[int, http.client.HTTPConnection] = {}
        for _ in range(_MANY_CONNECTIONS):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
            stack.enter_context(closing(connection))
            found.setdefault(_who_answers(service, connection), connection)
            if len(found) == count:
                break
        assert len(found) == count, f"only these answer: {found.keys()}"
        yield found


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for what must come soon."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(_STEP_SECONDS)


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


def _kill(*processes: int) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
