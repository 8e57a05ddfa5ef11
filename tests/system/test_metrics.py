"""The metrics of whole processes: right with one worker and with several, also when some have died."""

import http.client
import json
import signal
import socket
import urllib.request
from pathlib import Path
from typing import Final

import pytest

from app.adapters.telemetry.shared_files import FOLDER
from tests.metrics import Metrics

from .load import PASSWORD, USERNAME
from .processes import PATIENCE_SECONDS, SERVE, Service, environment, run, running
from .worker_processes import children, connections, get, running_workers, signal_all, until, until_gone

_MEASURED: Final = {"METRICS_PORT": "0"}
_LIVE: Final = {"method": "GET", "route": "/livez", "status": "200"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the services make their temporary files: a test that kills one leaves none elsewhere."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def scrape(service: Service) -> Metrics:
    """Return what the port of the metrics tells."""
    url = service.logged(r'"metrics", "url": "(\S+)"')
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:  # noqa: S310  # a URL of ours
        return Metrics.parse(response.read().decode())


def lives(service: Service) -> float:
    """Return how many requests for ``/livez`` were counted."""
    return scrape(service).total("http_requests_total", **_LIVE)


def test_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts for itself and in no file, whatever folder of such files its environment names."""
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv(FOLDER, str(files))
    with running(tmp_path, _MEASURED) as service:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE_SECONDS)
        assert [get(connection, "/livez") for _ in range(3)] == [200] * 3
        connection.close()
        assert lives(service) == 3
        assert not list(files.iterdir())
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0


def test_two_workers_count_together(tmp_path: Path) -> None:
    """Every scrape, whichever worker answers it, tells the sum; each request is in it once it was answered."""
    with running_workers(tmp_path, _MEASURED) as service, connections(service) as workers:
        before = lives(service)
        for count, connection in enumerate(workers.values(), start=3):
            assert [get(connection, "/livez") for _ in range(count)] == [200] * count
        assert [lives(service) for _ in range(10)] == [before + 7] * 10
        one, other = workers.values()
        _sign_in(one)
        _sign_in(other)
        metrics = scrape(service)
        assert metrics.value("tokens_total", outcome="issued", reason="") == 2
        assert metrics.value("signing_keys", state="active") == 1


def test_what_the_dead_counted_stays(tmp_path: Path) -> None:
    """Neither workers that were killed nor a reload take anything from the sums; how things stood in them is gone."""
    with running_workers(tmp_path, _MEASURED) as service:
        with connections(service) as workers:
            for connection in workers.values():
                _sign_in(connection)
            first = set(workers)
        signal_all(first, signal.SIGKILL)
        with connections(service) as workers:
            second = set(workers)
            assert not first & second
            for connection in workers.values():
                _sign_in(connection)
        counted = lives(service)
        service.send(signal.SIGHUP)
        until(lambda: second.isdisjoint(children(service)), "the end of the outdated")
        metrics = scrape(service)
        assert metrics.value("logins_total", outcome="succeeded", reason="") == 4
        assert metrics.total("http_requests_total", **_LIVE) == counted
        until(lambda: _gauges(_folder(service)) == set(children(service)), "the gauges of the living alone")


def test_the_files_are_gone_in_the_end(tmp_path: Path, temporary: Path) -> None:
    """The folder in which workers count is made by the service and removed by it."""
    with running_workers(tmp_path, _MEASURED) as service:
        workers = children(service)
        folder = _folder(service)
        assert folder.parent == temporary
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0
        until_gone(workers)
    assert not list(temporary.iterdir())


def test_a_port_that_is_taken() -> None:
    """The start fails with a message that names the settings to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(*SERVE, variables=environment({"PORT": "0", "METRICS_PORT": port}))
    assert done.returncode == 1
    assert "KEYTURN_METRICS_HOST and KEYTURN_METRICS_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def _folder(service: Service) -> Path:
    """Return where the workers count, as their environment has it: each maps its files."""
    (worker, *_) = children(service)
    maps = Path(f"/proc/{worker}/maps").read_text()
    (counters,) = {line.split()[-1] for line in maps.splitlines() if f"/counter_{worker}.db" in line}
    return Path(counters).parent


def _gauges(folder: Path) -> set[int]:
    """Return of which processes the files tell how things stand in them."""
    return {int(each.stem.rpartition("_")[2]) for each in folder.glob("gauge_*.db")}


def _sign_in(connection: http.client.HTTPConnection) -> None:
    body = json.dumps({"username": USERNAME, "password": PASSWORD})
    connection.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
    with connection.getresponse() as response:
        assert response.status == 200
        response.read()
