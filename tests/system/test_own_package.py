"""A store in a package of its own, as the documentation describes it: installed beside Keyturn, it is found."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from .environments import SITE_PACKAGES, build_wheel, make_environment, pip
from .load import PASSWORD, USERNAME
from .people import People
from .processes import ROOT, run, running

_EXAMPLE: Final = ROOT / "examples" / "keyturn-files"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package, whose tests can be run."""
    copy = tmp_path_factory.mktemp("example") / "keyturn-files"
    return Path(shutil.copytree(_EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")))


@pytest.fixture(scope="module")
def python(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment in which both are installed."""
    python = make_environment(tmp_path_factory.mktemp("installed"), packages=SITE_PACKAGES)
    pip("--python", str(python), "install", str(build_wheel(tmp_path_factory.mktemp("tree"))))
    pip("--python", str(python), "install", "--no-build-isolation", str(package))
    return python


def test_it_passes_the_kit(python: Path, package: Path) -> None:
    """Its own tests, which are the installed kit's, pass where only the two packages are."""
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", directory=package)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert " passed in " in tests.stdout


def test_its_types_are_right(python: Path, package: Path) -> None:
    """mypy, which reads Keyturn's types from the installed package, finds the store to be one."""
    check = "from keyturn.ports.session_store import SessionStore\nfrom keyturn_files.store import FileStore\n"
    (package / "check.py").write_text(f"{check}store: type[SessionStore] = FileStore\n")
    checked = run(python.parent / "python", "-m", "mypy", "--strict", "--no-incremental", "check.py", directory=package)
    assert checked.returncode == 0, checked.stdout + checked.stderr


async def test_the_service_keeps_its_sessions_there(python: Path, package: Path, tmp_path: Path) -> None:
    """Chosen by its scheme, it serves: sign-in, refresh, and what is in its folder."""
    settings = {
        "SESSION_URL": f"files://{tmp_path}/sessions",
        "BOOTSTRAP_USERNAME": USERNAME,
        "BOOTSTRAP_PASSWORD": PASSWORD,
    }
    with running(tmp_path, settings, command=[python.with_name("keyturn"), "serve"], directory=package) as service:
        async with People([service.url], 2) as people:
            await people.refresh(0)
            await people.sign_out(1)
            await people.see_all_go_on()
            await people.see_the_ended_refused()
    assert len(list((tmp_path / "sessions").glob("*.json"))) == 2
