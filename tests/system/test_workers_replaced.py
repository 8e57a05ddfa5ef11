"""Workers that go while the service goes on: who takes their place."""

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

from .lasting_load import LastingLoad
from .worker_processes import add_key, children, connections, get, running_workers, signal_all, until, until_gone

_IMPATIENT: Final = """
from app.cli import main
from app.service.workers import configuration
configuration._HEARTBEAT_TIMEOUT_SECONDS = 2
main(["serve"])
"""
_HELD_UP: Final = """
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
    raise StoreUnavailable("it is held up")
worker.create_runner = create_runner
main(["serve"])
"""


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
            signal_all([victim], signal.SIGKILL)
            await load.more(clients)
            await asyncio.to_thread(until, lambda: len(children(service)) == 2, "a worker in its place")
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
            await asyncio.to_thread(until_gone, outdated)
            await load.more(clients)
        load.leave()
        tally = await load.finished()
        assert not tally.lost
        assert set(tally.statuses) == {200}
        with connections(service) as workers:
            assert [len(_kids(each)) for each in workers.values()] == [reloads + 1] * 2


def test_the_old_stay_until_the_new_are_ready(tmp_path: Path) -> None:
    """After SIGHUP workers of the old settings go on while those of the new ones try to start, which these say once
    however often they try, and leave when the new ones are ready.
    """
    obstacle = tmp_path / "obstacle"
    with running_workers(tmp_path, command=(sys.executable, "-c", _HELD_UP, obstacle)) as service:
        with connections(service) as outdated:
            obstacle.touch()
            service.send(signal.SIGHUP)
            until(lambda: obstacle.stat().st_size >= 4, "attempts")
            assert service.log().count("this worker waits to start: it is held up") == 2
            assert [get(each, "/readyz") for each in outdated.values()] == [200, 200]
        obstacle.unlink()
        until_gone(outdated)
        with connections(service) as current:
            assert current.keys() == set(children(service))


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    """A worker that does nothing for longer than the heartbeat allows is killed; one that merely has nothing to do is
    not. A hang that leaves Python its signals is told to the log, with its place.
    """
    with running_workers(tmp_path, command=(sys.executable, "-c", _IMPATIENT)) as service:
        with connections(service) as workers:
            hung, idle = workers
        signal_all([hung], signal.SIGSTOP)
        until_gone([hung])
        with connections(service) as workers:
            assert idle in workers
        signal_all([idle], signal.SIGABRT)
        assert ".py:" in service.logged(f'"the event loop hangs", "worker": {idle}, "at": "(.*)"')
        until_gone([idle])


def test_a_worker_waits_for_the_store(tmp_path: Path) -> None:
    """A worker that is replaced while the store is away waits for it, as the log says; the service goes on without it,
    and it serves when the store is back.
    """
    with (
        running_postgres(durable=False) as postgres,
        running_workers(tmp_path, {"DATABASE_URL": postgres.url()}) as service,
        connections(service) as workers,
    ):
        victim, staying = workers
        postgres.kill()
        signal_all([victim], signal.SIGKILL)
        service.logged("(this worker waits to start: PostgreSQL at 127.0.0.1 port)")
        assert get(workers[staying], "/.well-known/jwks.json") == 200
        postgres.start()
        with connections(service) as replaced:
            assert staying in replaced


def test_without_keys_the_service_goes_on(tmp_path: Path) -> None:
    """While the key directory is missing SIGHUP changes nothing, as the log says, and a worker that has to be replaced
    waits for a key; it serves when there is one.
    """
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            victim, staying = workers
        hidden = (tmp_path / "keys").rename(tmp_path / "hidden")
        service.send(signal.SIGHUP)
        service.logged("(the settings are not taken over: The key directory .* cannot be read)")
        assert set(children(service)) == workers.keys()
        signal_all([victim], signal.SIGKILL)
        service.logged("(this worker waits to start: The key directory)")
        hidden.rename(tmp_path / "keys")
        with connections(service) as replaced:
            assert staying in replaced


def _kids(connection: http.client.HTTPConnection) -> set[str]:
    connection.request("GET", "/.well-known/jwks.json")
    with connection.getresponse() as response:
        keys: list[dict[str, Any]] = json.load(response)["keys"]
    return {key["kid"] for key in keys}
