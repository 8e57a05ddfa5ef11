"""Clients written for Node: each script of ``node`` tells what it has shown, act by act."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
from joserfc.jwk import RSAKey

from tests.servers.ports import free_port
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import PATIENCE_SECONDS, run, running

AUDIENCE: Final = "https://orders.example"
SCOPE: Final = "orders:read"
COMMAND: Final = (sys.executable, "-m", "app")

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
        "AUDIENCE": AUDIENCE,
        "DATABASE_URL": f"sqlite:///{tmp_path}/keyturn.db",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(tmp_path, settings):
        yield {
            "issuer": issuer,
            "audience": AUDIENCE,
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "database_url": settings["DATABASE_URL"],
            **_sign_in(issuer),
        }


@pytest.fixture
def clients(given: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Return what a script is told of two clients, too: one with a secret, one with a key."""
    key = RSAKey.generate_key(2_048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
    public = tmp_path / "public.json"
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    secret = _register(given, "reports", "--introspects", AUDIENCE)["client_secret"]
    _register(given, "robot", "--jwks", str(public))
    own = {"client_id": "reports", "client_secret": secret, "scope": SCOPE}
    return {**given, **own, "key_client_id": "robot", "private_key": key.as_dict(private=True)}


def test_jose(given: dict[str, Any]) -> None:
    """It finds the key among those that it fetches, verifies a token, and refuses another signature or audience."""
    assert _shown("jose.mjs", given) == ["verified", "altered: refused", "another audience: refused"]


def test_oauth4webapi(clients: dict[str, Any]) -> None:
    """It discovers the service, gets tokens by each grant and each way to authenticate, and validates them strictly."""
    assert _shown("oauth4webapi.mjs", clients) == [
        "discovered",
        "client_credentials, client_secret_basic",
        "client_credentials, client_secret_post",
        "client_credentials, private_key_jwt",
        "refresh_token",
        "refresh_token, unknown: invalid_grant",
        "introspection",
        "client_secret_basic, wrong: 401",
        "revocation",
    ]


def test_openid_client(clients: dict[str, Any]) -> None:
    """It discovers the service, gets tokens by each grant, uses one, and asks about and revokes them."""
    told = _shown("openid-client.mjs", clients)
    assert told == ["discovered", "client_credentials", "introspection", "refresh_token", "revocation"]


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


def _register(given: dict[str, Any], client_id: str, *options: str) -> dict[str, Any]:
    allowed = ("--grant", "client_credentials", "--scope", SCOPE, "--audience", AUDIENCE, "--json")
    variables = {"KEYTURN_DATABASE_URL": given["database_url"]}
    done = run(*COMMAND, "clients", "add", client_id, *allowed, *options, variables=variables)
    assert done.returncode == 0, done.stderr
    registered: dict[str, Any] = json.loads(done.stdout)
    return registered


def _sign_in(url: str) -> dict[str, Any]:
    body = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
    request = Request(f"{url}/auth/login", body, {"Content-Type": "application/json"})  # noqa: S310  # a URL of ours
    with urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  # as above
        granted: dict[str, Any] = json.load(answer)
    return granted
