"""Several workers that stop together."""

import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .load import Load
from .worker_processes import children, connections, running_workers, signal_all, wait_until_ended

_LIVEZ: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\nConnection: close\r\n\r\n"
_SLOW_START: Final = """
import time
from app.cli import main
from app.service.workers.worker import InstanceWorker
original = InstanceWorker.init_signals
def init_signals(self):
    print("at http://about-to-original:0", flush=True)
    time.sleep(1)
    original(self)
InstanceWorker.init_signals = init_signals
main(["serve"])
"""


@pytest.mark.proof("drain")
async def test_requests_under_load_are_answered(tmp_path: Path, proof: Proof) -> None:
    """After SIGTERM under load every request gets a complete answer, and the last one on each connection closes it."""
    clients = proof.count("connections", small=20, full=200)
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running_workers(tmp_path) as service:
            load = Load(service.port, clients)
            await load.wait_until_warm()
            service.send_signal(signal.SIGTERM)
            tally = await load.wait_until_closed()
            assert not tally.lost
            assert set(tally.statuses) == {200}
            assert tally.connections_closed == clients
            assert service.exit_status() == 0


@pytest.mark.proof("drain")
def test_connections_in_the_backlog_are_served(tmp_path: Path, proof: Proof) -> None:
    """Connections that the kernel accepted, and that no worker has seen when the signal comes, are served."""
    waiting = proof.count("connections", small=20, full=200)
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running_workers(tmp_path) as service, ExitStack() as closing:
            processes = (service.pid, *children(service))
            signal_all(processes, signal.SIGSTOP)
            clients = [
                closing.enter_context(socket.create_connection(("127.0.0.1", service.port))) for _ in range(waiting)
            ]
            for client in clients:
                client.sendall(_LIVEZ)
            service.send_signal(signal.SIGTERM)
            signal_all(processes, signal.SIGCONT)
            assert [client.makefile("rb").readline() for client in clients] == [b"HTTP/1.1 200 OK\r\n"] * waiting
            assert service.exit_status() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_to_all_processes_drains_once(tmp_path: Path, number: signal.Signals) -> None:
    """A signal to the parent and all workers at once, as from Ctrl-C, drains each worker once. The exit status is 0."""
    with running_workers(tmp_path) as service:
        with connections(service) as workers:
            pass
        signal_all((*workers, service.pid), number)
        assert service.exit_status() == 0
        assert service.log().count('"draining"') == 2


def test_second_signal_ends_all_at_once(tmp_path: Path) -> None:
    """After a second signal all workers end at once, and the signal is the exit status."""
    with running_workers(tmp_path, {"DRAIN_DELAY": "600s"}) as service:
        workers = children(service)
        service.send_signal(signal.SIGTERM)
        service.wait_for_log('("draining")')
        service.send_signal(signal.SIGINT)
        assert service.exit_status() == -signal.SIGINT
        wait_until_ended(workers)


def test_signal_before_workers_are_ready(tmp_path: Path) -> None:
    """SIGTERM also stops workers that do not yet handle signals."""
    command = (sys.executable, "-c", _SLOW_START)
    with running_workers(tmp_path, command=command, announcement=r"at (\S+)\n") as service:
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    """When the parent is killed, its workers drain and end."""
    with running_workers(tmp_path) as service:
        workers = children(service)
        service.send_signal(signal.SIGKILL)
        wait_until_ended(workers)
        assert service.log().count('"draining"') == 2
