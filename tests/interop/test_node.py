"""OAuth and OpenID libraries for Node. Each script in ``node`` prints one line per successful step."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import pytest
from joserfc.jwk import RSAKey

from tests.servers.ports import free_port
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import TIMEOUT_SECONDS, run, running

from .page_code import code_of_the_page

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
def service_data(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Return what a script must know about a running service, and the tokens of a session."""
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
def clients(service_data: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Return the data of the service and of two OAuth clients: one with a secret, one with a key."""
    key = RSAKey.generate_key(2_048, {"alg": "RS256", "use": "sig"}, auto_kid=True)
    public = tmp_path / "public.json"
    public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    secret = _register(service_data, "reports", "--introspects", AUDIENCE)["client_secret"]
    _register(service_data, "robot", "--jwks", str(public))
    own = {"client_id": "reports", "client_secret": secret, "scope": SCOPE}
    return {**service_data, **own, "key_client_id": "robot", "private_key": key.as_dict(private=True)}


def test_jose(service_data: dict[str, Any]) -> None:
    """Jose finds the key, verifies a token, and refuses an altered signature and another audience."""
    assert _run_script("jose.mjs", service_data) == ["verified", "altered: refused", "another audience: refused"]


def test_oauth4webapi(clients: dict[str, Any]) -> None:
    """oauth4webapi discovers the service, gets tokens by each grant and each method of authentication, and validates
    them strictly.
    """
    assert _run_script("oauth4webapi.mjs", clients) == [
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
    """openid-client discovers the service, gets tokens by each grant, and introspects and revokes them."""
    steps = _run_script("openid-client.mjs", clients)
    assert steps == ["discovered", "client_credentials", "introspection", "refresh_token", "revocation"]


def test_follower_of_the_page(service_data: dict[str, Any], tmp_path: Path) -> None:
    """The code of the page "Verify in another language" follows the service. It refuses the token of a session within 5
    seconds after its logout.
    """
    options = {"options": {"issuer": service_data["issuer"], "audience": AUDIENCE}}
    command: list[str | Path] = [_NODE, _SCRIPTS / "follower.mjs", code_of_the_page(tmp_path), json.dumps(options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdin is not None
        assert follower.stdout is not None
        assert follower.stdout.readline() == "follows\n"
        print(service_data["access_token"], file=follower.stdin, flush=True)
        assert follower.stdout.readline() == "good\n"
        _sign_out(service_data)
        time.sleep(5)
        print(service_data["access_token"], file=follower.stdin, flush=True)
        assert "revoked" in follower.stdout.readline()
        follower.stdin.close()


def _sign_out(service_data: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"refresh_token": service_data["refresh_token"]}).encode()
    with urlopen(Request(f"{service_data['issuer']}/auth/logout", body, headers), timeout=TIMEOUT_SECONDS):  # noqa: S310  # a URL of ours
        pass


def _run_script(script: str, service_data: dict[str, Any]) -> list[str]:
    """Run a script, which must succeed. Return the lines that it prints."""
    done = subprocess.run(
        [_NODE, _SCRIPTS / script],
        input=json.dumps(service_data),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def _register(service_data: dict[str, Any], client_id: str, *options: str) -> dict[str, Any]:
    allowed = ("--grant", "client_credentials", "--scope", SCOPE, "--audience", AUDIENCE, "--json")
    variables = {"KEYTURN_DATABASE_URL": service_data["database_url"]}
    done = run(*COMMAND, "clients", "add", client_id, *allowed, *options, variables=variables)
    assert done.returncode == 0, done.stderr
    registered: dict[str, Any] = json.loads(done.stdout)
    return registered


def _sign_in(url: str) -> dict[str, Any]:
    body = json.dumps({"username": USERNAME, "password": PASSWORD}).encode()
    request = Request(f"{url}/auth/login", body, {"Content-Type": "application/json"})  # noqa: S310  # a URL of ours
    with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # as above
        granted: dict[str, Any] = json.load(answer)
    return granted
