"""Virtual environments and wheels for the tests, made without a network."""

import shutil
import sys
import sysconfig
import venv
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .processes import ROOT, run

SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))
"""The folder of the packages that run these tests."""


def make_environment(folder: Path, *, packages: Path) -> Path:
    """Make a virtual environment that can also import what is in ``packages``. Return its Python."""
    venv.create(folder, symlinks=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "packages.pth").write_text(f"{packages}\n")
    return folder / "bin" / Path(sys.executable).name


def link_distributions(folder: Path, names: list[str]) -> set[str]:
    """Link the files of these distributions, and of their requirements, into ``folder``. Return the names of all of
    them.
    """
    folder.mkdir()
    closure: dict[str, Distribution] = {}
    _add_with_requirements(closure, names)
    for installed in closure.values():
        for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
            (folder / top).symlink_to(SITE_PACKAGES / top)
    return set(closure)


def _add_with_requirements(closure: dict[str, Distribution], names: list[str]) -> None:
    for name in map(canonicalize_name, names):
        if name in closure:
            continue
        closure[name] = distribution(name)
        wanted = [Requirement(line) for line in closure[name].requires or ()]
        here = [each.name for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
        _add_with_requirements(closure, here)


def build_wheel(folder: Path) -> Path:
    """Build the project's wheel from a copy of the tree. Return its path."""
    shutil.copytree(ROOT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder / "dist"), str(folder))
    (built,) = (folder / "dist").glob("*.whl")
    return built


def pip(*arguments: str) -> None:
    """Run pip without a network."""
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = run(sys.executable, "-m", "pip", *arguments, variables=offline)
    assert done.returncode == 0, done.stdout + done.stderr
