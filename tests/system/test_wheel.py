"""The wheel, installed as ``keyturn`` beside a project that has its own ``app`` package."""

import json
import textwrap
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import Final

import pytest

from .environments import SITE_PACKAGES, make_environment, pip
from .load import PASSWORD, USERNAME
from .processes import ROOT, TIMEOUT_SECONDS, run, running

_PROJECT: Final = textwrap.dedent("""
    import json, pathlib
    from aiohttp import web
    from keyturn.guard import PRINCIPAL, guard

    async def whoami(request):
        return web.Response(text=request[PRINCIPAL].client_id)

    app = web.Application()
    app.router.add_get("/whoami", whoami)
    jwk_set = json.loads(pathlib.Path("jwks.json").read_text())
    guard(issuer="https://id.example", audience="orders", jwk_set=jwk_set).protect(app)
    web.run_app(app, host="127.0.0.1", port=0)
""")


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the wheel."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(wheel))
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project that guards a route and has its own ``app`` package."""
    package = tmp_path / "project" / "app"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(_PROJECT)
    return package.parent


def test_wheel_contents(wheel: Path) -> None:
    """The wheel contains ``py.typed``, the licence and every module, and nothing named ``app``."""
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {f"keyturn/{path.relative_to(ROOT / 'app')}" for path in (ROOT / "app").rglob("*.py")}
    scripts = {f"keyturn/{path.relative_to(ROOT / 'app')}" for path in (ROOT / "app").rglob("*.lua")}
    page = {f"keyturn/{path.relative_to(ROOT / 'app')}" for path in (ROOT / "app").rglob("swagger_ui/*")}
    page |= {f"keyturn/{path.relative_to(ROOT / 'app')}" for path in (ROOT / "app").rglob("console_page/*")}
    assert modules | scripts | page | {"keyturn/py.typed", "keyturn/adapters/http/api/docs_page/start.js"} <= names
    assert scripts
    assert len(page) >= 6
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith("keyturn")]


def test_command_is_installed(python: Path, project: Path) -> None:
    """The command ``keyturn`` runs in a folder that has another ``app`` package."""
    printed = run(python.with_name("keyturn"), "--help", directory=project)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.startswith("usage: keyturn")


def test_guarded_route_of_a_project(python: Path, project: Path, tmp_path: Path) -> None:
    """The project's route answers 401 without a token, and 200 with a token of the installed service."""
    settings = {
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
        "ISSUER": "https://id.example",
        "AUDIENCE": "orders",
    }
    with running(tmp_path, settings, command=[python.with_name("keyturn"), "serve"], directory=project) as service:
        (project / "jwks.json").write_bytes(_get(f"{service.url}/.well-known/jwks.json")[1])
        grant = json.loads(_post(f"{service.url}/auth/login", {"username": USERNAME, "password": PASSWORD}))
    announcement = r"Running on (http://\S+)"
    with running(project, command=[python, "-m", "app"], directory=project, announcement=announcement) as protected:
        assert _get(f"{protected.url}/whoami")[0] == 401
        assert _get(f"{protected.url}/whoami", grant["access_token"]) == (200, b"first-party")


def _get(url: str, access_token: str | None = None) -> tuple[int, bytes]:
    request = urllib.request.Request(url)  # noqa: S310  # a URL of ours
    if access_token is not None:
        request.add_header("Authorization", f"Bearer {access_token}")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # as above
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _post(url: str, body: dict[str, str]) -> bytes:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  # as above
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310  # as above
        answer: bytes = response.read()
    return answer
