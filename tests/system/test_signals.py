"""Signals to the service."""

import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from .processes import SERVE, TIMEOUT_SECONDS, running

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_UNFINISHED: Final = (
    b"POST /auth/login HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
)


@pytest.fixture(autouse=True)
def _default_sighup() -> Iterator[None]:
    """Let SIGHUP have its default effect in the started processes, even if these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [*_SIGNALS, signal.SIGHUP])
def test_first_signal_drains(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM, SIGINT and SIGHUP drain the service: exit status 0, and no traceback in the log."""
    with running(tmp_path) as service:
        service.send_signal(number)
        assert service.exit_status() == 0
        assert "draining" in service.log()
        assert "Traceback" not in service.log()


@pytest.mark.parametrize("first", _SIGNALS)
@pytest.mark.parametrize("second", _SIGNALS)
def test_second_signal_ends_at_once(tmp_path: Path, first: signal.Signals, second: signal.Signals) -> None:
    """After a second signal the service ends at once. A running request gets no answer, and the signal is the exit
    status.
    """
    with running(tmp_path, {"BODY_TIMEOUT": "3s"}) as service:
        address = ("127.0.0.1", service.port)
        with socket.create_connection(address, timeout=TIMEOUT_SECONDS) as held:
            held.sendall(_UNFINISHED)
            service.send_signal(first)
            service.wait_for_log("(draining)")
            service.send_signal(second)
            assert service.exit_status() in (-second, 128 + second)
            assert _received(held) == b""
        assert "Traceback" not in service.log()


def test_nohup_ignores_sighup(tmp_path: Path) -> None:
    """A service that nohup started continues after SIGHUP."""
    with running(tmp_path, command=("nohup", *SERVE)) as service:
        service.send_signal(signal.SIGHUP)
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/readyz", timeout=TIMEOUT_SECONDS) as response:
            assert response.status == 200
        assert "draining" not in service.log()
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65_536)
    except ConnectionResetError:
        return b""
