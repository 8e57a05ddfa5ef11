"""A store in its own package, as the documentation describes it."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from .environments import SITE_PACKAGES, make_environment, pip
from .load import PASSWORD, USERNAME
from .processes import ROOT, run, running
from .refreshing_clients import RefreshingClients

_EXAMPLE: Final = ROOT / "examples" / "keyturn-files"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example package with its tests."""
    copy = tmp_path_factory.mktemp("example") / "keyturn-files"
    return Path(shutil.copytree(_EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


@pytest.fixture(scope="module")
def python(package: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with Keyturn and the package."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(wheel))
    pip("--python", str(python), "install", "--no-build-isolation", str(package))
    return python


def test_store_passes_the_kit(python: Path, package: Path) -> None:
    """The package's tests, which use the installed kit, pass. What the store does not have is skipped."""
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory=package)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert re.search(r"\d+ passed, \d+ skipped in ", tests.stdout), tests.stdout


def test_store_matches_the_port(python: Path, package: Path) -> None:
    """Mypy accepts the store as a ``SessionStore`` of the installed Keyturn."""
    check = "from keyturn.ports.session_store import SessionStore\nfrom keyturn_files.store import FileStore\n"
    (package / "check.py").write_text(f"{check}store: type[SessionStore] = FileStore\n")
    checked = run(python.parent / "python", "-m", "mypy", "--strict", "--no-incremental", "check.py", directory=package)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_service_uses_the_store(python: Path, package: Path, tmp_path: Path) -> None:
    """A service whose session URL has the package's scheme keeps its sessions there."""
    settings = {
        "SESSION_URL": f"files://{tmp_path}/sessions",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(tmp_path, settings, command=[python.with_name("keyturn"), "serve"], directory=package) as service:
        async with RefreshingClients([service.url], 2) as clients:
            await clients.refresh(0)
            await clients.sign_out(1)
            await clients.check_sessions_continue()
            await clients.check_ended_sessions_are_refused()
    assert len(list((tmp_path / "sessions").glob("*.json"))) == 2
