"""Several workers on one port."""

import http.client
import json
import signal
import time
from pathlib import Path
from typing import Final

from tests.conftest import Proof

from .load import PASSWORD, USERNAME
from .worker_processes import children, connections, get, is_alive, running_workers, signal_all, wait_until

_JSON: Final = {"Content-Type": "application/json"}


def test_workers_share_a_port(tmp_path: Path) -> None:
    """Both workers answer at the one URL that is printed once. They end with exit status 0, no process remains, and
    gunicorn's log lines look like those of Keyturn.
    """
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            assert workers.keys() == set(children(service))
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0
        assert not any(map(is_alive, workers))
        assert (tmp_path / "output").read_text() == f"Keyturn listens at {service.url}\n"
        lines = [json.loads(line) for line in service.log().splitlines()]
    assert {"gunicorn.error", "keyturn.http"} < {line["logger"] for line in lines}


def test_parent_has_one_thread_and_no_store(tmp_path: Path) -> None:
    """The process that forks has one thread and no open file of the store, also after the settings were read again."""
    with running_workers(tmp_path) as service:
        service.send_signal(signal.SIGHUP)
        service.wait_for_log("(the settings were read again)")
        process = Path(f"/proc/{service.pid}")
        assert "\nThreads:\t1\n" in (process / "status").read_text()
        assert not [each for each in (process / "fd").iterdir() if "keyturn.db" in str(each.readlink())]


def test_logout_reaches_the_other_worker(tmp_path: Path, proof: Proof) -> None:
    """After a logout at one worker, the other one refuses the access token within 5 seconds."""
    with running_workers(tmp_path) as service, connections(service) as workers:
        one, other = workers.values()
        tokens = _sign_in(one)
        assert _me(other, tokens) == 200
        _sign_out(one, tokens)
        since = time.monotonic()
        assert _me(one, tokens) == 401
        wait_until(lambda: _me(other, tokens) == 401, "the refusal of the other worker")
        seconds = time.monotonic() - since
        assert seconds < 5
        proof.measured("seconds", round(seconds, 3))


def test_new_workers_know_revoked_sessions(tmp_path: Path) -> None:
    """Workers that start after a logout refuse its access token from their first answer on."""
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            one, _ = workers.values()
            tokens = _sign_in(one)
            _sign_out(one, tokens)
        signal_all(workers, signal.SIGKILL)
        with connections(service) as replaced:
            assert not replaced.keys() & workers.keys()
            assert [_me(each, tokens) for each in replaced.values()] == [401, 401]


def test_sigttin_and_sigttou_change_the_number_of_workers(tmp_path: Path) -> None:
    """SIGTTIN adds a worker and SIGTTOU removes one."""
    with running_workers(tmp_path) as service:
        service.send_signal(signal.SIGTTIN)
        with connections(service, count=3) as workers:
            pass
        service.send_signal(signal.SIGTTOU)
        wait_until(lambda: sum(map(is_alive, workers)) == 2, "the end of one worker")


def _sign_in(connection: http.client.HTTPConnection) -> dict[str, str]:
    connection.request("POST", "/auth/login", json.dumps({"username": USERNAME, "password": PASSWORD}), _JSON)
    with connection.getresponse() as response:
        assert response.status == 200
        tokens: dict[str, str] = json.load(response)
    return tokens


def _sign_out(connection: http.client.HTTPConnection, tokens: dict[str, str]) -> None:
    connection.request("POST", "/auth/logout", json.dumps({"refresh_token": tokens["refresh_token"]}), _JSON)
    with connection.getresponse() as response:
        assert response.status == 204


def _me(connection: http.client.HTTPConnection, tokens: dict[str, str]) -> int:
    return get(connection, "/auth/me", {"Authorization": f"Bearer {tokens['access_token']}"})
