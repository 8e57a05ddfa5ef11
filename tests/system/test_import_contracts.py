"""The import contracts notice what they are for."""

import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from .processes import ROOT, run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of what the contracts speak of."""
    for folder in ("app", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_them(tree: Path) -> None:
    """As it is, every contract is kept."""
    lint = _lint_imports(tree)
    assert lint.returncode == 0, lint.stdout
    assert " 0 broken" in lint.stdout


@pytest.mark.parametrize(
    ("module", "offence", "imported"),
    [
        ("app.domain.model.scope", "import aiohttp", "aiohttp"),
        ("app.domain.services.rotation", "import cryptography", "cryptography"),
        ("app.ports.clock", "import attr", "attr"),
        ("app.domain.services.accounts", "from ...adapters import argon2", "app.adapters.argon2"),
        ("app.domain.model.ratchet", "from ...ports import clock", "app.ports.clock"),
        ("app.domain.model.ratchet", "from ..services import rotation", "app.domain.services.rotation"),
        ("app.ports.sessions", "from ..domain.services import rotation", "app.domain.services.rotation"),
        ("app.adapters.memory.users", "from ..jose import compact", "app.adapters.jose.compact"),
        ("app.adapters.http.health", "from ..memory import users", "app.adapters.memory.users"),
        ("app.adapters.http.health", "from ... import settings", "app.settings"),
        ("app.adapters.http.health", "from ... import container", "app.container"),
        ("app.adapters.http.bearer", "import joserfc", "joserfc"),
        ("app.application", "import dependency_injector", "dependency_injector"),
    ],
)
def test_an_offence_is_named(tree: Path, module: str, offence: str, imported: str) -> None:
    """An import that points the wrong way breaks a contract, and the report says which module it is in."""
    source = tree / f"{module.replace('.', '/')}.py"
    source.write_text(f"{source.read_text('utf-8')}\n\n{offence}\n", "utf-8")
    lint = _lint_imports(tree)
    assert lint.returncode == 1
    assert " 1 broken" in lint.stdout or " 2 broken" in lint.stdout
    assert any(module in line and imported in line for line in lint.stdout.splitlines()), lint.stdout


def _lint_imports(tree: Path) -> CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    variables = {"PYTHONPATH": str(tree), "COLUMNS": "200"}
    return run(command, "--no-logo", "--no-cache", directory=tree, variables=variables)
