"""The issuer of a service whose settings have none."""

import json
import signal
import socket
import urllib.request
from pathlib import Path
from typing import Any

from .processes import SERVE, TIMEOUT_SECONDS, Service, running
from .worker_processes import running_workers


def test_the_issuer_has_the_port_that_the_system_chose(tmp_path: Path) -> None:
    """With port 0, the metadata name the address that is listened on, and so do the access tokens."""
    user = {"BOOTSTRAP_USERNAME": "alice", "BOOTSTRAP_PASSWORD": "correct horse battery"}
    with running(tmp_path, user, without=["ISSUER"]) as service:
        metadata = _metadata(service)
        assert (metadata["issuer"], metadata["jwks_uri"]) == (service.url, f"{service.url}/.well-known/jwks.json")
        body = json.dumps({"username": "alice", "password": "correct horse battery"}).encode()
        granted = _json(urllib.request.Request(f"{service.url}/auth/login", body, {"Content-Type": "application/json"}))  # noqa: S310  # it is our own http URL
        bearer = {"Authorization": f"Bearer {granted['access_token']}"}
        assert _json(urllib.request.Request(f"{service.url}/auth/me", headers=bearer))["client_id"] == "first-party"  # noqa: S310  # as above


def test_the_issuer_has_the_port_of_the_option(tmp_path: Path) -> None:
    """``--port`` counts for the issuer as ``KEYTURN_PORT`` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(tmp_path, command=[*SERVE, "--port", str(port)], without=["ISSUER"]) as service:
        assert _metadata(service)["issuer"] == f"http://127.0.0.1:{port}"


def test_all_workers_have_the_issuer_of_the_port(tmp_path: Path) -> None:
    """Workers name the port that their parent bound, also those that start when the settings are read again."""
    with running_workers(tmp_path, without=["ISSUER"]) as service:
        assert _metadata(service)["issuer"] == service.url
        service.send_signal(signal.SIGHUP)
        service.wait_for_log("(the settings were read again)")
        service.wait_for_log(r'(?s)the settings were read again.*("message": "listening")')
        for _ in range(4):
            assert _metadata(service)["issuer"] == service.url


def _metadata(service: Service) -> Any:
    return _json(f"{service.url}/.well-known/oauth-authorization-server")


def _json(request: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # it is our own http URL
        return json.load(response)
