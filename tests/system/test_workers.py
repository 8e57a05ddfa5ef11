"""Several workers on one port: that they share it, come and go without anyone noticing, and end together."""

import http.client
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Proof

from .lasting_load import LastingLoad
from .load import PASSWORD, USERNAME, Load
from .processes import Service
from .worker_processes import add_key, children, connections, lives, running_workers, until

_JSON = {"Content-Type": "application/json"}


def test_they_share_a_port(tmp_path: Path) -> None:
    """Both workers answer at the one URL that is printed once, and end with exit status 0, leaving no process."""
    with running_workers(tmp_path) as service, connections(service) as workers:
        assert workers.keys() == set(children(service))
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0
        assert not any(map(lives, workers))
        assert (tmp_path / "output").read_text() == f"Keyturn listens at {service.url}\n"
        assert "Traceback" not in service.log()


def test_each_line_of_the_log_is_json(tmp_path: Path) -> None:
    """gunicorn's own lines look as ours do, and nothing else is on standard error."""
    with running_workers(tmp_path) as service:
        service.send(signal.SIGTERM)
        service.exit_status()
        lines = [json.loads(line) for line in service.log().splitlines()]
    assert {"gunicorn.error", "keyturn.http"} < {line["logger"] for line in lines}


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
        _kill(*workers)
        with connections(service) as replaced:
            assert not replaced.keys() & workers.keys()
            assert [_me(each, tokens) for each in replaced.values()] == [401, 401]


@pytest.mark.proof("drain")
async def test_under_load_every_request_is_answered(tmp_path: Path, proof: Proof) -> None:
    """SIGTERM under load: each request on each connection gets its whole answer, the last of which closes it."""
    clients = proof.count("connections", small=50, full=200)
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running_workers(tmp_path) as service:
            load = Load(service.port, clients)
            await load.warm()
            service.send(signal.SIGTERM)
            tally = await load.finished()
            assert not tally.lost
            assert set(tally.statuses) == {200}
            assert tally.connections_closed == clients
            assert service.exit_status() == 0


@pytest.mark.proof("drain")
async def test_a_worker_that_dies_is_replaced(tmp_path: Path, proof: Proof) -> None:
    """``kill -9`` of a worker under load: nobody is refused a connection, only requests that it had begun are lost, and
    two workers answer again.
    """
    kills, clients = proof.count("kills", small=2, full=30), proof.count("connections", small=20, full=50)
    with running_workers(tmp_path) as service:
        load = LastingLoad(service.port, clients)
        await load.warm()
        for _ in range(kills):
            victim = children(service)[0]
            _kill(victim)
            await load.more(clients)
            until(lambda: len(children(service)) == 2, "a worker in its place")  # noqa: B023  # it is called at once
        load.leave()
        tally = await load.finished()
        assert set(tally.statuses) == {200}
        assert tally.lost.total() <= kills * clients
        with connections(service) as workers:
            assert workers.keys() == set(children(service))


@pytest.mark.proof("drain")
async def test_a_reload_loses_nothing(tmp_path: Path, proof: Proof) -> None:
    """SIGHUP under load: every request is answered, and after it a key that was added meanwhile is published by new
    workers.
    """
    reloads, clients = proof.count("reloads", small=1, full=20), proof.count("connections", small=20, full=50)
    with running_workers(tmp_path) as service:
        load = LastingLoad(service.port, clients)
        await load.warm()
        for number in range(reloads):
            outdated = children(service)
            add_key(tmp_path, activates_at=time.time() + 10_000 + number)
            service.send(signal.SIGHUP)
            until(lambda: not any(map(lives, outdated)), "the end of the old workers")  # noqa: B023  # as above
            await load.more(clients)
        load.leave()
        tally = await load.finished()
        assert not tally.lost
        assert set(tally.statuses) == {200}
        with connections(service) as workers:
            assert [len(_kids(each)) for each in workers.values()] == [reloads + 1] * 2


def test_faulty_settings_are_not_taken_over(tmp_path: Path) -> None:
    """SIGHUP with a key directory that holds no key: the log says so, and the workers stay as they are."""
    with running_workers(tmp_path) as service, connections(service) as workers:
        for key in (tmp_path / "keys").iterdir():
            key.unlink()
        service.send(signal.SIGHUP)
        service.logged(r"(The settings are not taken over: The key directory .* holds no .pem file)")
        assert set(children(service)) == workers.keys()
        assert all(_get(each, "/readyz") == 200 for each in workers.values())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_signals_all_of_them(tmp_path: Path, number: signal.Signals) -> None:
    """A signal that parent and workers get at once, as from Ctrl-C or a supervisor, drains them once, and well."""
    with running_workers(tmp_path) as service, connections(service) as workers:
        for pid in (*workers, service.pid):
            os.kill(pid, number)
        assert service.exit_status() == 0
        assert service.log().count('"draining"') == 2


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_them_at_once(tmp_path: Path, second: signal.Signals) -> None:
    """A second signal waits for nothing: no worker is left, and the signal is the exit status."""
    with running_workers(tmp_path, {"DRAIN_DELAY": "600s"}) as service:
        workers = children(service)
        service.send(signal.SIGTERM)
        service.logged('("draining")')
        service.send(second)
        assert service.exit_status() == -second
        until(lambda: not any(map(lives, workers)), "the end of the workers")


def test_they_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """``kill -9`` of the parent: its workers notice, drain and end."""
    with running_workers(tmp_path) as service:
        workers = children(service)
        service.send(signal.SIGKILL)
        until(lambda: not any(map(lives, workers)), "the end of the workers")
        assert service.log().count('"draining"') == 2


def test_there_can_be_more_and_fewer(tmp_path: Path) -> None:
    """SIGTTIN makes it one worker more, SIGTTOU one less."""
    with running_workers(tmp_path) as service:
        service.send(signal.SIGTTIN)
        with connections(service, count=3) as workers:
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
    return _get(connection, "/auth/me", {"Authorization": f"Bearer {tokens['access_token']}"})


def _get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str] | None = None) -> int:
    connection.request("GET", path, headers=headers or {})
    with connection.getresponse() as response:
        response.read()
        return response.status


def _kids(connection: http.client.HTTPConnection) -> set[str]:
    connection.request("GET", "/.well-known/jwks.json")
    with connection.getresponse() as response:
        keys: list[dict[str, Any]] = json.load(response)["keys"]
    return {key["kid"] for key in keys}


def _kill(*processes: int) -> None:
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
