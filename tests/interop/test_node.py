"""Clients written for Node: each script of ``node`` tells what it has shown, act by act."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest

from tests.servers.ports import free_port
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import PATIENCE_SECONDS, running

_SCRIPTS: Final = Path(__file__).with_name("node")
_NODE: Final = Path(sys.executable).with_name("node")

pytestmark = [
    pytest.mark.proof("interop"),
    pytest.mark.skipif(
        not (_NODE.exists() and (_SCRIPTS / "node_modules").exists()), reason="scripts/prove installs Node's packages"
    ),
]


@pytest.fixture
def given(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Return what a script is told of a running service, and the tokens of a session there."""
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    settings = {
        "PORT": str(port),
        "ISSUER": issuer,
        "AUDIENCE": "https://orders.example",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(tmp_path, settings):
        yield {
            "issuer": issuer,
            "audience": settings["AUDIENCE"],
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            **_sign_in(issuer),
        }


def test_jose(given: dict[str, Any]) -> None:
    """It finds the key among those that it fetches, verifies a token, and refuses another signature or audience."""
    assert _shown("jose.mjs", given) == ["verified", "altered: refused", "another audience: refused"]


def _shown(script: str, given: dict[str, Any]) -> list[str]:
    """Run a script, which must succeed; return what it tells."""
    done = subprocess.run(
        [_NODE, _SCRIPTS / script],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def _sign_in(url: str) -> dict[str, Any]:
    body = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
    request = Request(f"{url}/auth/login", body, {"Content-Type": "application/json"})  # noqa: S310  # a URL of ours
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # as above
        granted: dict[str, Any] = json.load(answer)
    return granted
