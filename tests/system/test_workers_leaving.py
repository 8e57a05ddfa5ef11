"""Several workers that end together."""

import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .load import Load
from .worker_processes import children, connections, running_workers, signal_all, until_gone

_LIVEZ: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\nConnection: close\r\n\r\n"
_SLOW: Final = """
import time
from app.cli import main
from app.service.workers.worker import InstanceWorker
begin = InstanceWorker.init_signals
def init_signals(self):
    print("at http://about-to-begin:0", flush=True)
    time.sleep(1)
    begin(self)
InstanceWorker.init_signals = init_signals
main(["serve"])
"""


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
def test_requests_that_wait_to_be_accepted_are_answered(tmp_path: Path, proof: Proof) -> None:
    """Connections that the kernel has accepted, and that no worker has seen when the signal comes, are served."""
    waiting = proof.count("connections", small=50, full=200)
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running_workers(tmp_path) as service, ExitStack() as closing:
            processes = (service.pid, *children(service))
            signal_all(processes, signal.SIGSTOP)
            clients = [
                closing.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(waiting)
            ]
            for client in clients:
                client.sendall(_LIVEZ)
            service.send(signal.SIGTERM)
            signal_all(processes, signal.SIGCONT)
            assert [client.makefile("rb").readline() for client in clients] == [b"HTTP/1.1 200 OK\r\n"] * waiting
            assert service.exit_status() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_terminal_signals_all_of_them(tmp_path: Path, number: signal.Signals) -> None:
    """A signal that parent and workers get at once, as from Ctrl-C or a supervisor, drains them once, and well."""
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            pass
        signal_all((*workers, service.pid), number)
        assert service.exit_status() == 0
        assert service.log().count('"draining"') == 2


def test_a_second_signal_ends_them_at_once(tmp_path: Path) -> None:
    """A second signal waits for nothing: no worker is left, and the signal is the exit status."""
    with running_workers(tmp_path, {"DRAIN_DELAY": "600s"}) as service:
        workers = children(service)
        service.send(signal.SIGTERM)
        service.logged('("draining")')
        service.send(signal.SIGINT)
        assert service.exit_status() == -signal.SIGINT
        until_gone(workers)


def test_a_signal_is_not_too_early(tmp_path: Path) -> None:
    """SIGTERM while the workers have just begun, and hear nothing yet, ends them all the same."""
    command = (sys.executable, "-c", _SLOW)
    with running_workers(tmp_path, command=command, announcement=r"at (\S+)\n") as service:
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0


def test_they_do_not_outlive_their_parent(tmp_path: Path) -> None:
    """``kill -9`` of the parent: its workers notice, drain and end."""
    with running_workers(tmp_path) as service:
        workers = children(service)
        service.send(signal.SIGKILL)
        until_gone(workers)
        assert service.log().count('"draining"') == 2
