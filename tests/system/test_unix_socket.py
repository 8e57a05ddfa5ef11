"""The service at a Unix socket, behind a proxy of the same machine, in a pod with variables of Kubernetes."""

import http.client
import json
import signal
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from .load import PASSWORD, USERNAME
from .processes import TIMEOUT_SECONDS
from .worker_processes import running_workers

_SERVICE_LINKS: Final = {
    "SERVICE_HOST": "10.96.0.7",
    "SERVICE_PORT": "8080",
    "PORT": "tcp://10.96.0.7:8080",
    "PORT_8080_TCP": "tcp://10.96.0.7:8080",
}


class _Connection(http.client.HTTPConnection):
    """A connection of the proxy to the socket at ``path``."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(str(self._path))


def _ask(path: Path, method: str, target: str, headers: Mapping[str, str], members: object = None) -> tuple[int, Any]:
    connection = _Connection(path)
    try:
        sent = None if members is None else json.dumps(members)
        connection.request(method, target, sent, {"Content-Type": "application/json", **headers})
        with connection.getresponse() as response:
            return response.status, json.loads(response.read())
    finally:
        connection.close()


def _sign_in(path: Path, client: str, password: str = PASSWORD) -> tuple[int, Any]:
    """Sign in as a client whose address the proxy adds to what the client sent."""
    members = {"username": USERNAME, "password": password}
    return _ask(path, "POST", "/auth/login", {"X-Forwarded-For": f"192.0.2.99, {client}"}, members)


@pytest.mark.parametrize("workers", [1, 2])
def test_clients_behind_a_socket_are_told_apart(tmp_path: Path, workers: int) -> None:
    """With ``unix:`` as a trusted proxy, each client has its own address: in the rate limits, the list of sessions and
    the log. The socket has its mode, the announcement names it, and its file is gone at the end. One line of the log
    names the variables of Kubernetes, which change nothing.
    """
    path = tmp_path / "k.sock"
    settings = {
        **_SERVICE_LINKS,
        "HOST": f"unix:{path}",
        "SOCKET_MODE": "666",
        "TRUSTED_PROXIES": "unix:",
        "WORKERS": str(workers),
        "LOGIN_ADDRESS_BUDGET": "3/10m",
        "PASSWORD_HASH_THREADS": "1",
    }
    with running_workers(tmp_path, settings) as service:
        assert service.url == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        statuses = [_sign_in(path, "203.0.113.1", "wrong")[0] for _ in range(4)]
        assert statuses == [401, 401, 401, 429]
        status, tokens = _sign_in(path, "203.0.113.2")
        assert status == 200
        listed = _ask(path, "GET", "/auth/sessions", {"Authorization": f"Bearer {tokens['access_token']}"})[1]
        assert [each["address"] for each in listed["sessions"]] == ["203.0.113.2"]
        service.wait_for_log(r'"answered".*("address": "203\.0\.113\.2")')
        service.send_signal(signal.SIGTERM)
        assert service.exit_status() == 0
        lines = [json.loads(line) for line in service.log().splitlines()]
    assert sorted(each.name for each in tmp_path.iterdir() if "sock" in each.name) == []
    (named,) = [each["variables"] for each in lines if "variables" in each]
    assert named == sorted(f"KEYTURN_{name}" for name in _SERVICE_LINKS)
    assert {tuple(each["addresses"]) for each in lines if each["message"] == "listening"} == {(f"unix:{path}",)}
    assert not [each for each in lines if "count as one" in each["message"]]


def test_restart_after_a_kill_and_without_a_trusted_proxy(tmp_path: Path) -> None:
    """A start replaces the socket of a killed instance. Without a trusted proxy, a warning says that all clients count
    as one, and nobody can choose an address.
    """
    path = tmp_path / "k.sock"
    settings = {"HOST": f"unix:{path}", "WORKERS": "1", "LOGIN_ADDRESS_BUDGET": "3/10m"}
    with running_workers(tmp_path, settings) as service:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        service.send_signal(signal.SIGKILL)
        service.exit_status()
        assert path.is_socket()
    with running_workers(tmp_path, settings) as service:
        statuses = [_sign_in(path, f"203.0.113.{number}", "wrong")[0] for number in range(4)]
        assert statuses == [401, 401, 401, 429]
        service.wait_for_log("(all clients of a Unix socket count as one)")
        service.wait_for_log('"answered".*("address": "unix:")')
