"""Generators of clients understand the whole OpenAPI document, and a generated client signs in."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

import pytest

from tests.conftest import Proof
from tests.system.load import PASSWORD, USERNAME
from tests.system.processes import TIMEOUT_SECONDS, Service, run, running

_FOLDER: Final = Path(__file__).with_name("generators")
_MODULES: Final = _FOLDER / "node_modules"
_NODE: Final = Path(sys.executable).with_name("node")
_NOT_JSON: Final = {"/auth/logout", "/.well-known/revoked-sessions", "/docs/{asset}"}
"""Paths that have another media type, of which openapi-python-client says that it leaves it out."""

pytestmark = [
    pytest.mark.proof("generators"),
    pytest.mark.skipif(
        not (_NODE.exists() and _MODULES.exists() and find_spec("openapi_python_client")),
        reason="scripts/prove installs the generators",
    ),
]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Return a running service with a user."""
    with running(tmp_path, {"BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}) as service:
        yield service


@pytest.fixture
def document(service: Service, tmp_path: Path) -> Path:
    """Return the file of the service's OpenAPI document."""
    file = tmp_path / "openapi.json"
    with urlopen(f"{service.url}/openapi.json", timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # a URL of ours
        file.write_bytes(answer.read())
    return file


def test_openapi_python_client(service: Service, document: Path, tmp_path: Path, proof: Proof) -> None:
    """openapi-python-client leaves out no response in JSON. Its client signs in, and reads a refusal as a problem."""
    program = (sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none")
    done = run(*program, "--path", document, "--output-path", tmp_path / "generated", directory=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    warned = re.findall(r"WARNING parsing [A-Z]+ (\S+) within", done.stdout + done.stderr)
    assert set(warned) <= _NOT_JSON, done.stdout
    parsed = "".join(path.read_text() for path in (tmp_path / "generated/api").rglob("*.py"))
    described = _described_errors(json.loads(document.read_text()))
    assert len(re.findall(r"(?:Problem|OAuthError)\.from_dict\(", parsed)) == described
    proof.measured("errors", described)
    done = run(sys.executable, "-c", _PYTHON, service.url, USERNAME, PASSWORD, directory=tmp_path)
    assert done.stdout.split() == ["urn:keyturn:problem:invalid-credentials", "first-party"], done.stderr


def test_hey_api(service: Service, document: Path, tmp_path: Path) -> None:
    """The client of @hey-api/openapi-ts compiles strictly, signs in, and reads a refusal as a problem."""
    _node("@hey-api/openapi-ts/bin/run.js", "-i", document, "-o", tmp_path / "client", directory=tmp_path)
    shutil.copy(_FOLDER / "sign-in.ts", tmp_path)
    _compile(tmp_path, "sign-in.ts", "--outDir", "compiled")
    printed = _node(tmp_path / "compiled/sign-in.js", service.url, USERNAME, PASSWORD, directory=tmp_path)
    assert printed.split() == ["urn:keyturn:problem:invalid-credentials", "first-party"]


def test_openapi_typescript(document: Path, tmp_path: Path) -> None:
    """The types of openapi-typescript compile strictly, and a refusal has the type of a problem."""
    _node("openapi-typescript/bin/cli.js", document, "-o", tmp_path / "schema.ts", directory=tmp_path)
    shutil.copy(_FOLDER / "problems.ts", tmp_path)
    _compile(tmp_path, "problems.ts", "--noEmit")


_PYTHON: Final = """
import sys
from generated import AuthenticatedClient, Client
from generated.api.auth import login, me
from generated.models import LoginRequest, Problem

url, username, password = sys.argv[1:]
client = Client(url)
problem = login.sync(client=client, body=LoginRequest(username, "not " + password))
assert isinstance(problem, Problem), problem
print(problem.type_)
granted = login.sync(client=client, body=LoginRequest(username, password))
print(me.sync(client=AuthenticatedClient(url, granted.access_token)).client_id)
"""


def _described_errors(document: dict[str, Any]) -> int:
    """Return how many responses of the operations are errors."""
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    responses = [json.dumps(response) for each in operations for response in each["responses"].values()]
    return sum("schemas/Problem" in each or "schemas/OAuthError" in each for each in responses)


def _compile(folder: Path, *arguments: str) -> None:
    """Compile a program of TypeScript, which must succeed."""
    options = ("--strict", "--module", "commonjs", "--target", "es2022", "--skipLibCheck", "--types", "node")
    types = ("--typeRoots", str(_MODULES / "@types"))
    _node("typescript/bin/tsc", *options, *types, *arguments, directory=folder)


def _node(program: str | Path, *arguments: str | Path, directory: Path) -> str:
    """Run a program of the installed packages, which must succeed. Return its output."""
    done = subprocess.run(
        [_NODE, _MODULES / program, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=6 * TIMEOUT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
