"""Workers that end or are replaced while the service runs."""

import asyncio
import http.client
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import Proof
from tests.servers.postgres import running_postgres

from .reconnecting_load import ReconnectingLoad
from .worker_processes import (
    add_key,
    children,
    connections,
    get,
    running_workers,
    signal_all,
    wait_until,
    wait_until_ended,
)

_SHORT_HEARTBEAT: Final = """
from app.cli import main
from app.service.workers import configuration
configuration._HEARTBEAT_TIMEOUT_SECONDS = 2
main(["serve"])
"""
_BLOCKED_START: Final = """
import os, sys
from app.cli import main
from app.domain.errors import StoreUnavailable
from app.service.workers import worker
create = worker.create_runner
def create_runner(*arguments, **options):
    try:
        obstacle = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        return create(*arguments, **options)
    os.write(obstacle, b"!")
    os.close(obstacle)
    raise StoreUnavailable("the start is blocked")
worker.create_runner = create_runner
main(["serve"])
"""


@pytest.mark.proof("drain")
async def test_killed_worker_is_replaced(tmp_path: Path, proof: Proof) -> None:
    """When a worker is killed under load, every client can connect, only requests that the worker had begun are lost,
    and two workers answer again.
    """
    kills, clients = proof.count("kills", small=2, full=30), proof.count("connections", small=20, full=50)
    with running_workers(tmp_path) as service:
        load = ReconnectingLoad(service.port, clients)
        await load.wait_until_warm()
        for _ in range(kills):
            killed = children(service)[0]
            signal_all([killed], signal.SIGKILL)
            await load.wait_for_answers(clients)
            await asyncio.to_thread(wait_until, lambda: len(children(service)) == 2, "a worker in its place")
        load.stop()
        tally = await load.wait_until_closed()
        assert set(tally.statuses) == {200}
        assert tally.lost.total() <= kills * clients
        with connections(service) as workers:
            assert workers.keys() == set(children(service))


@pytest.mark.proof("drain")
async def test_reload_loses_no_requests(tmp_path: Path, proof: Proof) -> None:
    """On SIGHUP under load every request is answered, and new workers publish a key that was added before."""
    reloads, clients = proof.count("reloads", small=1, full=20), proof.count("connections", small=20, full=50)
    with running_workers(tmp_path) as service:
        load = ReconnectingLoad(service.port, clients)
        await load.wait_until_warm()
        for number in range(reloads):
            old = children(service)
            add_key(tmp_path, activates_at=time.time() + 10_000 + number)
            service.send_signal(signal.SIGHUP)
            await asyncio.to_thread(wait_until_ended, old)
            await load.wait_for_answers(clients)
        load.stop()
        tally = await load.wait_until_closed()
        assert not tally.lost
        assert set(tally.statuses) == {200}
        with connections(service) as workers:
            assert [len(_kids(each)) for each in workers.values()] == [reloads + 1] * 2


def test_old_workers_stay_until_new_ones_are_ready(tmp_path: Path) -> None:
    """After SIGHUP the old workers serve until the new ones can start. A new worker logs once that it waits, however
    often it tries.
    """
    obstacle = tmp_path / "obstacle"
    with running_workers(tmp_path, command=(sys.executable, "-c", _BLOCKED_START, obstacle)) as service:
        with connections(service) as old:
            obstacle.touch()
            service.send_signal(signal.SIGHUP)
            wait_until(lambda: obstacle.stat().st_size >= 4, "four attempts to start")
            assert service.log().count("this worker waits to start: the start is blocked") == 2
            assert [get(each, "/readyz") for each in old.values()] == [200, 200]
        obstacle.unlink()
        wait_until_ended(old)
        with connections(service) as new:
            assert new.keys() == set(children(service))


def test_hanging_worker_is_replaced(tmp_path: Path) -> None:
    """A worker that misses its heartbeat is killed; an idle one is not. If Python can still handle signals, the log
    names the line where the event loop hangs.
    """
    with running_workers(tmp_path, command=(sys.executable, "-c", _SHORT_HEARTBEAT)) as service:
        with connections(service) as workers:
            hung, idle = workers
        signal_all([hung], signal.SIGSTOP)
        wait_until_ended([hung])
        with connections(service) as workers:
            assert idle in workers
        signal_all([idle], signal.SIGABRT)
        assert ".py:" in service.wait_for_log(f'"the event loop hangs", "worker": {idle}, "at": "(.*)"')
        wait_until_ended([idle])


def test_replaced_worker_waits_for_the_store(tmp_path: Path) -> None:
    """A worker that is replaced while the store is down logs that it waits. The other worker serves, and the new one
    starts when the store is back.
    """
    with (
        running_postgres(durable=False) as postgres,
        running_workers(tmp_path, {"DATABASE_URL": postgres.url()}) as service,
        connections(service) as workers,
    ):
        killed, other = workers
        postgres.kill()
        signal_all([killed], signal.SIGKILL)
        service.wait_for_log("(this worker waits to start: PostgreSQL at 127.0.0.1 port)")
        assert get(workers[other], "/.well-known/jwks.json") == 200
        postgres.start()
        with connections(service) as replaced:
            assert other in replaced


def test_service_runs_without_key_directory(tmp_path: Path) -> None:
    """While the key directory is missing, SIGHUP changes nothing and a replaced worker waits, as the log says. It
    starts when there is a key.
    """
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            killed, other = workers
        hidden = (tmp_path / "keys").rename(tmp_path / "hidden")
        service.send_signal(signal.SIGHUP)
        service.wait_for_log("(the settings are not taken over: KEYTURN_KEYS_DIR: the key directory .* cannot be read)")
        assert set(children(service)) == workers.keys()
        signal_all([killed], signal.SIGKILL)
        service.wait_for_log("(this worker waits to start: KEYTURN_KEYS_DIR: the key directory)")
        hidden.rename(tmp_path / "keys")
        with connections(service) as replaced:
            assert other in replaced


def _kids(connection: http.client.HTTPConnection) -> set[str]:
    connection.request("GET", "/.well-known/jwks.json")
    with connection.getresponse() as response:
        keys: list[dict[str, Any]] = json.load(response)["keys"]
    return {key["kid"] for key in keys}
