"""Stores in packages of their own, as the documentation describes them."""

import importlib.util
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.conftest import Proof

from .environments import SITE_PACKAGES, make_environment, pip
from .load import PASSWORD, USERNAME
from .processes import ROOT, run, running
from .refreshing_clients import RefreshingClients

_STORES: Final = {"keyturn-files": "FileDatabase", "keyturn-etcd": "EtcdStore"}
"""The packages, and the class that each one's entry point names."""

_KIT_SECONDS: Final = 600.0
"""Only a busy machine needs so long. A deadlock ends earlier, by the time limit of each test of the kit."""

_ETCD: Final = pytest.param(
    "keyturn-etcd",
    marks=[
        pytest.mark.skipif(shutil.which("etcd") is None, reason="etcd is not here"),
        pytest.mark.proof("keyvalue"),
    ],
)


@pytest.fixture(scope="module", params=["keyturn-files", _ETCD])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of an example package with its tests."""
    example, copy = ROOT / "examples" / request.param, tmp_path_factory.mktemp("example") / request.param
    return Path(shutil.copytree(example, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


@pytest.fixture(scope="module")
def python(package: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with Keyturn and the package."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(wheel))
    pip("--python", str(python), "install", "--no-build-isolation", str(package))
    return python


def test_store_passes_the_kit(python: Path, package: Path, proof: Proof) -> None:
    """The package's tests, which use the installed kit, pass. What the store does not have is skipped."""
    for _ in range(proof.count("runs of the kit", small=1, full=5)):
        tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory=package, timeout=_KIT_SECONDS)
        assert tests.returncode == 0, tests.stdout + tests.stderr
        assert re.search(r"\d+ passed, \d+ skipped in ", tests.stdout), tests.stdout


def test_store_matches_the_port(python: Path, package: Path) -> None:
    """Mypy accepts the store as a ``SessionStore`` of the installed Keyturn, and the database by the page's line."""
    name = package.name.replace("-", "_")
    module, store = f"{name}.database" if package.name == "keyturn-files" else f"{name}.store", _STORES[package.name]
    check = f"from keyturn.ports.session_store import SessionStore\nfrom {module} import {store}\n"
    if package.name == "keyturn-files":
        check += "from keyturn.ports.database import Database\n"
        (line,) = re.findall(
            r"^(store: .*\n)", (ROOT / "docs/persistence-adapters.md").read_text("utf-8"), re.MULTILINE
        )
        check += line.replace("store", "database", 1)
    (package / "check.py").write_text(f"{check}store: type[SessionStore] = {store}\n")
    checked = run(python.parent / "python", "-m", "mypy", "--strict", "--no-incremental", "check.py", directory=package)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_service_uses_the_store(python: Path, package: Path, tmp_path: Path) -> None:
    """A service whose session URL has the package's scheme keeps its sessions there."""
    with _STORAGES[package.name](package, tmp_path) as (url, number_of_sessions):
        settings = {"SESSION_URL": url, "BOOTSTRAP_USERNAME": USERNAME, "BOOTSTRAP_PASSWORD": PASSWORD}
        with running(tmp_path, settings, command=[python.with_name("keyturn"), "serve"], directory=package) as service:
            async with RefreshingClients([service.url], 2) as clients:
                await clients.refresh(0)
                await clients.sign_out(1)
                await clients.check_sessions_continue()
                await clients.check_ended_sessions_are_refused()
        assert number_of_sessions() == 2


@contextmanager
def _files(_: Path, folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    yield f"files://{folder}/sessions", lambda: len(list((folder / "sessions").glob("*.json")))


@contextmanager
def _etcd(package: Path, folder: Path) -> Iterator[tuple[str, Callable[[], int]]]:
    """Start the server as the tests of the package do."""
    spec = importlib.util.spec_from_file_location("etcd_server", package / "tests" / "etcd_server.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    begin, end = (b64encode(each).decode() for each in (b"keyturn/s/", b"keyturn/s0"))
    with module.running_etcd(folder / "etcd") as etcd:
        yield (
            f"etcd://{etcd.address}/keyturn",
            lambda: int(etcd.post("kv/range", key=begin, range_end=end, count_only=True)["count"]),
        )


_STORAGES: Final = {"keyturn-files": _files, "keyturn-etcd": _etcd}
