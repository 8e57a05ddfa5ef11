"""Several workers on one port, and what they know of each other."""

import http.client
import json
import signal
import time
from pathlib import Path
from typing import Final

from tests.conftest import Proof

from .load import PASSWORD, USERNAME
from .worker_processes import children, connections, get, lives, running_workers, signal_all, until

_JSON: Final = {"Content-Type": "application/json"}


def test_they_share_a_port(tmp_path: Path) -> None:
    """Both workers answer at the one URL that is printed once, and end with exit status 0, leaving no process; what
    gunicorn has to say looks as our own lines of the log do.
    """
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            assert workers.keys() == set(children(service))
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0
        assert not any(map(lives, workers))
        assert (tmp_path / "output").read_text() == f"Keyturn listens at {service.url}\n"
        lines = [json.loads(line) for line in service.log().splitlines()]
    assert {"gunicorn.error", "keyturn.http"} < {line["logger"] for line in lines}


def test_the_parent_keeps_nothing(tmp_path: Path) -> None:
    """What is forked is one thread that has no file of the store open, also after the settings were read again."""
    with running_workers(tmp_path) as service:
        service.send(signal.SIGHUP)
        service.logged("(the settings were read again)")
        process = Path(f"/proc/{service.pid}")
        assert "\nThreads:\t1\n" in (process / "status").read_text()
        assert not [each for each in (process / "fd").iterdir() if "keyturn.db" in str(each.readlink())]


def test_a_logout_reaches_the_other(tmp_path: Path, proof: Proof) -> None:
    """An access token whose session was ended at one worker is refused by the other within 5 seconds."""
    with running_workers(tmp_path) as service, connections(service) as workers:
        one, other = workers.values()
        tokens = _sign_in(one)
        assert _me(other, tokens) == 200
        _sign_out(one, tokens)
        since = time.monotonic()
        assert _me(one, tokens) == 401
        until(lambda: _me(other, tokens) == 401, "the other's refusal")
        seconds = time.monotonic() - since
        assert seconds < 5
        proof.measured("seconds", round(seconds, 3))


def test_a_new_worker_knows_what_was_revoked(tmp_path: Path) -> None:
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


def test_there_can_be_more_and_fewer(tmp_path: Path) -> None:
    """SIGTTIN makes it one worker more, SIGTTOU one less."""
    with running_workers(tmp_path) as service:
        service.send(signal.SIGTTIN)
        with connections(service, count=3) as workers:
            pass
        service.send(signal.SIGTTOU)
        until(lambda: sum(map(lives, workers)) == 2, "the end of one")


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
