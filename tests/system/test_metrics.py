"""The metrics of whole processes, with one worker and with several, also after some were killed."""

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
from .processes import SERVE, TIMEOUT_SECONDS, Service, environment, run, running
from .worker_processes import children, connections, get, running_workers, signal_all, wait_until, wait_until_ended

_MEASURED: Final = {"METRICS_PORT": "0"}
_LIVE: Final = {"method": "GET", "route": "/livez", "status": "200"}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the services use a temporary folder inside ``tmp_path``. A killed service cannot clean up."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def scrape(service: Service) -> Metrics:
    """Return the metrics at the metrics port."""
    url = service.wait_for_log(r'"metrics", "url": "(\S+)"')
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # a URL of ours
        return Metrics.parse(response.read().decode())


def livez_count(service: Service) -> float:
    """Return the number of counted requests for ``/livez``."""
    return scrape(service).total("http_requests_total", **_LIVE)


def test_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker counts in memory and writes no files, even if the environment names a folder for them."""
    files = tmp_path / "files"
    files.mkdir()
    monkeypatch.setenv(FOLDER, str(files))
    with running(tmp_path, _MEASURED) as service:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT_SECONDS)
        assert [get(connection, "/livez") for _ in range(3)] == [200] * 3
        connection.close()
        assert livez_count(service) == 3
        assert not list(files.iterdir())
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0


def test_scrape_returns_sum_of_workers(tmp_path: Path) -> None:
    """Each scrape returns the sum over both workers, including every answered request."""
    with running_workers(tmp_path, _MEASURED) as service, connections(service) as workers:
        before = livez_count(service)
        for count, connection in enumerate(workers.values(), start=3):
            assert [get(connection, "/livez") for _ in range(count)] == [200] * count
        assert [livez_count(service) for _ in range(10)] == [before + 7] * 10
        one, other = workers.values()
        _sign_in(one)
        _sign_in(other)
        metrics = scrape(service)
        assert metrics.value("tokens_total", outcome="issued", reason="") == 2
        assert metrics.value("signing_keys", state="active") == 1


def test_counters_survive_workers(tmp_path: Path) -> None:
    """Killed or reloaded workers keep their share of the counters, but not of the gauges."""
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
        counted = livez_count(service)
        service.send_signal(signal.SIGHUP)
        wait_until(lambda: second.isdisjoint(children(service)), "the end of the outdated")
        metrics = scrape(service)
        assert metrics.value("logins_total", outcome="succeeded", reason="") == 4
        assert metrics.total("http_requests_total", **_LIVE) == counted
        wait_until(lambda: _gauges(_folder(service)) == set(children(service)), "the gauges of the living alone")


def test_files_are_removed(tmp_path: Path, temporary: Path) -> None:
    """The service removes the folder of the workers' metrics files when it stops."""
    with running_workers(tmp_path, _MEASURED) as service:
        workers = children(service)
        folder = _folder(service)
        assert folder.parent == temporary
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0
        wait_until_ended(workers)
    assert not list(temporary.iterdir())


def test_port_in_use_is_reported() -> None:
    """If the metrics port is in use, the service does not start and names the settings to change."""
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = str(used.getsockname()[1])
        done = run(*SERVE, variables=environment({"PORT": "0", "METRICS_PORT": port}))
    assert done.returncode == 1
    assert "KEYTURN_METRICS_HOST and KEYTURN_METRICS_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def _folder(service: Service) -> Path:
    """Return the folder of the workers' metrics files. A worker maps them into its memory."""
    (worker, *_) = children(service)
    maps = Path(f"/proc/{worker}/maps").read_text()
    (counters,) = {line.split()[-1] for line in maps.splitlines() if f"/counter_{worker}.db" in line}
    return Path(counters).parent


def _gauges(folder: Path) -> set[int]:
    """Return the process ids that have gauge files."""
    return {int(each.stem.rpartition("_")[2]) for each in folder.glob("gauge_*.db")}


def _sign_in(connection: http.client.HTTPConnection) -> None:
    body = json.dumps({"username": USERNAME, "password": PASSWORD})
    connection.request("POST", "/auth/login", body, {"Content-Type": "application/json"})
    with connection.getresponse() as response:
        assert response.status == 200
        response.read()
