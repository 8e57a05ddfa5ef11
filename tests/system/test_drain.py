"""Draining: the service stops after SIGTERM and finishes the requests that it has."""

import http.client
import json
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Proof

from .load import PASSWORD, USERNAME, Load
from .processes import TIMEOUT_SECONDS, Service, running

_SETTINGS: Final = {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD, "PASSWORD_HASH_QUEUE": "1000"}
_HEAD: Final = b"POST /auth/login HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: %d"
_LIVEZ: Final = b"GET /livez HTTP/1.1\r\nHost: keyturn\r\nConnection: close\r\n\r\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return a running service."""
    with running(tmp_path, _SETTINGS) as service:
        yield service


@pytest.mark.proof("drain")
async def test_requests_under_load_are_answered(tmp_path: Path, proof: Proof) -> None:
    """After SIGTERM under load every request gets a complete answer, the last one on each connection closes it, and the
    exit status is 0.
    """
    connections = proof.count("connections", small=20, full=200)
    answered = 0
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running(tmp_path, _SETTINGS) as service:
            load = Load(service.port, connections)
            await load.wait_until_warm()
            service.send_signal(signal.SIGTERM)
            tally = await load.wait_until_closed()
            assert not tally.lost
            assert set(tally.statuses) == {200}
            assert tally.connections_closed == connections
            assert service.exit_status() == 0
            answered += tally.statuses.total()
    proof.measured("answered", answered)


@pytest.mark.proof("drain")
def test_connections_in_the_backlog_are_served(tmp_path: Path, proof: Proof) -> None:
    """The service answers connections that the kernel accepted before the signal and refuses later ones."""
    connections = proof.count("connections", small=20, full=200)
    for _ in range(proof.count("shutdowns", small=1, full=20)):
        with running(tmp_path, _SETTINGS) as service, ExitStack() as closing:
            service.send_signal(signal.SIGSTOP)
            waiting = [closing.enter_context(_connect(service)) for _ in range(connections)]
            for client in waiting:
                client.sendall(_LIVEZ)
            service.send_signal(signal.SIGTERM)
            service.send_signal(signal.SIGCONT)
            assert [_status(client) for client in waiting] == [b"200"] * connections
            assert service.exit_status() == 0
            with pytest.raises(ConnectionRefusedError):
                _connect(service)


def test_readyz_reports_draining(service: Service) -> None:
    """After the signal, ``/readyz`` answers 503 on an open connection and closes it."""
    client = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT_SECONDS)
    assert _get_readyz(client) == (200, "ready", None)
    service.send_signal(signal.SIGTERM)
    service.wait_for_log("(draining)")
    assert _get_readyz(client) == (503, "draining", "close")
    assert service.exit_status() == 0


def test_unfinished_body_is_received(service: Service) -> None:
    """A request whose body arrives after idle connections were closed still gets its answer."""
    body = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
    with _connect(service) as slow, _connect(service) as idle:
        slow.sendall(_HEAD % len(body) + b"\r\n\r\n" + body[:5])
        idle.sendall(_LIVEZ.replace(b"close", b"keep-alive"))
        assert b"200 OK" in idle.recv(65_536)
        service.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b"", "the idle connection is closed"
        slow.sendall(body[5:])
        assert _status(slow) == b"200"
    assert service.exit_status() == 0


def test_drain_delay_keeps_listening(tmp_path: Path) -> None:
    """With a drain delay the service still accepts connections and answers 503 at ``/readyz``."""
    with running(tmp_path, _SETTINGS | {"DRAIN_DELAY": "3s"}) as service:
        service.send_signal(signal.SIGTERM)
        service.wait_for_log("(draining)")
        client = http.client.HTTPConnection("127.0.0.1", service.port, timeout=TIMEOUT_SECONDS)
        assert _get_readyz(client) == (503, "draining", "close")
        assert service.exit_status() == 0


def test_shutdown_timeout_ends_hung_requests(tmp_path: Path) -> None:
    """A request whose body never comes is cut off after the shutdown timeout."""
    with (
        running(tmp_path, _SETTINGS | {"SHUTDOWN_TIMEOUT": "1s", "BODY_TIMEOUT": "300s"}) as service,
        _connect(service) as hung,
    ):
        hung.sendall(_HEAD % 9 + b"\r\n\r\n")
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0
        assert _status(hung) == b""


def _connect(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=TIMEOUT_SECONDS)


def _status(client: socket.socket) -> bytes:
    """Return the status of the answer, or b"" if the connection was cut."""
    answer = b""
    try:
        while received := client.recv(65_536):
            answer += received
    except ConnectionError:
        return b""
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split()[1] if body.endswith(b"}") else b""


def _get_readyz(client: http.client.HTTPConnection) -> tuple[int, str, str | None]:
    client.request("GET", "/readyz")
    response = client.getresponse()
    return response.status, json.load(response)["status"], response.getheader("Connection")
