"""Commands without a package that they need."""

import json
import sys
from pathlib import Path
from typing import Final

import pytest

from app.cli.missing_package import missing_package
from tests.system.processes import ROOT, run

_PROGRAM: Final = """
import importlib, sys
from importlib.abc import MetaPathFinder
class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from app.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("module", "package", "command"),
    [
        ("aiohttp", "aiohttp", "serve"),
        ("aiohttp", "aiohttp", "doctor"),
        ("dependency_injector", "dependency-injector", "serve"),
        ("cryptography", "cryptography", "doctor"),
        ("joserfc", "joserfc", "serve"),
    ],
)
def test_a_missing_package_is_named(tmp_path: Path, module: str, package: str, command: str) -> None:
    """A package that is not installed is one sentence, which names it and says what to do."""
    variables = {"PYTHONPATH": str(ROOT), "KEYTURN_PORT": "0"}
    arguments = (module, command, "--json")
    failed = run(sys.executable, "-c", _PROGRAM, *arguments, directory=tmp_path, variables=variables)
    assert failed.returncode == 1, failed.stderr
    assert json.loads(failed.stderr)["error"] == (
        f"The package {package} is not installed. In a clone, delete the folder .venv and start again. For an installed"
        f" wheel, run pip install {package}."
    )


@pytest.mark.parametrize("name", ["app.cli.gone", "app", "http.gone", None])
def test_a_missing_module_of_our_own_is_a_bug(name: str | None) -> None:
    """A module of Keyturn or of Python itself is no package that somebody could install."""
    assert missing_package(ModuleNotFoundError("gone", name=name)) is None
