"""What the process does on signals."""

import signal
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from .processes import PATIENCE_SECONDS, SERVE, running

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_UNFINISHED: Final = (
    b"POST /auth/login HTTP/1.1\r\nHost: k\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
)


@pytest.fixture(autouse=True)
def _without_nohup() -> Iterator[None]:
    """Let what a test starts heed SIGHUP, also where nohup has started the tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [*_SIGNALS, signal.SIGHUP])
def test_one_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    """SIGINT, and the end of the terminal, stop the service as SIGTERM does: exit status 0, and no trace in the log."""
    with running(tmp_path) as service:
        service.send(number)
        assert service.exit_status() == 0
        assert "draining" in service.log()
        assert "Traceback" not in service.log()


@pytest.mark.parametrize("first", _SIGNALS)
@pytest.mark.parametrize("second", _SIGNALS)
def test_a_second_signal_ends_it_at_once(tmp_path: Path, first: signal.Signals, second: signal.Signals) -> None:
    """A second signal waits for nothing: a request under way gets no answer, and the signal is the exit status."""
    with running(tmp_path, {"BODY_TIMEOUT": "3s"}) as service:
        address = ("127.0.0.1", service.port)
        with socket.create_connection(address, timeout=PATIENCE_SECONDS) as held:
            held.sendall(_UNFINISHED)
            service.send(first)
            service.logged("(draining)")
            service.send(second)
            assert service.exit_status() in (-second, 128 + second)
            assert _received(held) == b""
        assert "Traceback" not in service.log()


def test_the_end_of_the_terminal_need_not_end_it(tmp_path: Path) -> None:
    """What nohup has started goes on after SIGHUP."""
    with running(tmp_path, command=("nohup", *SERVE)) as service:
        service.send(signal.SIGHUP)
        with urllib.request.urlopen(f"http://127.0.0.1:{service.port}/readyz", timeout=PATIENCE_SECONDS) as response:
            assert response.status == 200
        assert "draining" not in service.log()
        service.send(signal.SIGTERM)
        assert service.exit_status() == 0


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(65_536)
    except ConnectionResetError:
        return b""
