"""An etcd server for tests, and how it fails."""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

_START_SECONDS = 60.0


class Etcd:
    """A running server. ``address`` is its host and port."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self.address = address

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let the server refuse puts, as it does when its space is used up."""
        self.post("maintenance/alarm", action="ACTIVATE", alarm="NOSPACE")
        try:
            yield
        finally:
            self.post("maintenance/alarm", action="DEACTIVATE", alarm="NOSPACE")

    @contextmanager
    def stopped(self, _: float) -> Iterator[None]:
        """Hold all answers back."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def post(self, operation: str, **request: object) -> object:
        """Return the answer of the JSON gateway."""
        body = Request(f"http://{self.address}/v3/{operation}", json.dumps(request).encode())
        with urlopen(body, timeout=_START_SECONDS) as answer:  # noqa: S310  # our server
            return json.load(answer)


@contextmanager
def running_etcd(folder: Path) -> Iterator[Etcd]:
    """Start a server that keeps its data in ``folder``."""
    address, peers = f"127.0.0.1:{_free_port()}", f"http://127.0.0.1:{_free_port()}"
    client = f"http://{address}"
    command = ["etcd", "--data-dir", str(folder), "--listen-client-urls", client, "--advertise-client-urls", client]
    command += ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers]
    command += ["--initial-cluster", f"default={peers}", "--log-level", "error"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            etcd = Etcd(process, address)
            _await_start(etcd)
            yield etcd
        finally:
            process.kill()


def _await_start(etcd: Etcd) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            etcd.post("maintenance/status")
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
