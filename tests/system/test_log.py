"""The log of whole processes: whole lines, none lost at the end, and a reader that stops reading stops nothing."""

import http.client
import json
import os
import signal
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.metrics import Metrics

from .processes import ROOT, SERVE, TIMEOUT_SECONDS, environment
from .worker_processes import add_key

_WAITING_BYTES: Final = 1_048_576
_LINE_BYTES: Final = 200


class PipedService:
    """A service whose standard error is a pipe. Nothing is read from it before ``read``."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int) -> None:
        self.process = process
        self._reading = reading
        self._received = b""
        assert process.stdout is not None
        self.port = int(process.stdout.readline().rpartition(b":")[2])

    def ask(self, count: int) -> list[str]:
        """Ask for ``/livez`` so many times on one connection. Return the request ids of the answers."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        identifiers = []
        with closing(client):
            for _ in range(count):
                client.request("GET", "/livez")
                with client.getresponse() as response:
                    response.read()
                    assert response.status == 200
                    identifiers.append(response.headers["X-Request-Id"])
        return identifiers

    def read(self, *, until: bytes = b"") -> list[dict[str, Any]]:
        """Read the log to the end of the line with ``until``, or to the end of all processes. Return the lines."""
        while not (until and b"\n" in self._received.partition(until)[2]):
            block = os.read(self._reading, 65_536)
            if not block:
                break
            self._received += block
        whole, _, self._received = self._received.rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def stop(self) -> None:
        """Send SIGTERM."""
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def piped(settings: Mapping[str, str]) -> Iterator[PipedService]:
    """Start a service, and stop it at the end."""
    reading, writing = os.pipe()
    variables = environment({"PORT": "0", **settings}) | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(SERVE, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=writing)
    os.close(writing)
    with process:
        try:
            yield PipedService(process, reading)
        finally:
            process.terminate()
            os.close(reading)


def _ids(entries: list[dict[str, Any]]) -> list[str]:
    return [each["request_id"] for each in entries if each["message"] == "answered"]


def test_an_unread_pipe_stops_nothing() -> None:
    """Requests are answered while nobody reads the log. Then the log has the oldest lines in their order, a line with
    the number of dropped ones in their place, and the lines after them. A metric counts them, too.
    """
    with piped({"METRICS_PORT": "0", "METRICS_HOST": "127.0.0.1"}) as service:
        [start] = [each for each in service.read(until=b'"metrics"') if each["message"] == "metrics"]
        asked = service.ask((_WAITING_BYTES + 65_536) // _LINE_BYTES + 2_000)
        entries = service.read(until=b'"log lines were dropped"')
        [report] = [each for each in entries if each["message"] == "log lines were dropped"]
        written = _ids(entries[: entries.index(report)])
        assert written == asked[: len(written)]
        assert report["lines"] == len(asked) - len(written) > 0
        [last] = service.ask(1)
        assert _ids(service.read(until=last.encode()))[-1] == last

        def count() -> float | None:
            with urllib.request.urlopen(start["url"], timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # a URL of ours
                return Metrics.parse(response.read().decode()).value("log_lines_dropped_total")

        _wait_until_equal(count, report["lines"])


def _wait_until_equal(value: Any, expected: float) -> None:
    """Wait until the function returns the number."""
    waiting = threading.Event()
    for _ in range(int(TIMEOUT_SECONDS * 10)):
        if value() == expected:
            return
        waiting.wait(0.1)
    assert value() == expected


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_loses_no_line(workers: int, tmp_path: Path) -> None:
    """Each answer before the end has its line in the log, also of several workers, which write to one pipe: each line
    is whole, and those of one worker are in the order of their times.
    """
    add_key(tmp_path)
    settings = {
        "WORKERS": str(workers),
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "KEYS_DIR": str(tmp_path / "keys"),
        "KEY_ROTATION_PERIOD": "0",
    }
    with piped(settings) as service:
        asked: list[str] = []
        entries: list[dict[str, Any]] = []
        while len({each.get("worker") for each in entries if each["message"] == "answered"}) < workers:
            asked += service.ask(1)
            entries += service.read(until=asked[-1].encode())
        clients = [threading.Thread(target=lambda: asked.extend(service.ask(60))) for _ in range(30)]
        reader = threading.Thread(target=lambda: entries.extend(service.read()))
        for each in (reader, *clients):
            each.start()
        for each in clients:
            each.join()
        service.stop()
        reader.join(TIMEOUT_SECONDS)
        assert service.process.wait(TIMEOUT_SECONDS) == 0
    assert Counter(_ids(entries)) == Counter(asked)
    # gunicorn's line "Booting worker" is of the new process, but has no member for it yet
    for worker in {each["worker"] for each in entries if "worker" in each}:
        times = [each["time"] for each in entries if each.get("worker") == worker]
        assert times == sorted(times)


def test_the_end_does_not_wait_for_a_reader() -> None:
    """A service whose log nobody reads ends at SIGTERM."""
    with piped({}) as service:
        service.ask((65_536 // _LINE_BYTES) * 2)
        service.stop()
        assert service.process.wait(TIMEOUT_SECONDS) == 0
