"""The import contracts."""

import re
import shutil
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from .processes import ROOT, run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the files that the contracts check."""
    for folder in ("app", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_tree_keeps_all_contracts(tree: Path) -> None:
    """The tree keeps every contract."""
    lint = _lint_imports(tree)
    assert lint.returncode == 0, lint.stdout
    assert " 0 broken" in lint.stdout


@pytest.mark.parametrize(
    ("module", "statement", "imported"),
    [
        ("app.domain.scope", "import aiohttp", "aiohttp"),
        ("app.domain.sessions.rotation", "import cryptography", "cryptography"),
        ("app.ports.clock", "import attr", "attr"),
        ("app.domain.login.accounts", "from ...adapters.passwords import argon2", "app.adapters.passwords.argon2"),
        ("app.domain.sessions.session", "from ...ports import clock", "app.ports.clock"),
        ("app.domain.sessions.rotation", "from ..login import accounts", "app.domain.login.accounts"),
        ("app.domain.tokens.claims", "from ..sessions import rotation", "app.domain.sessions.rotation"),
        ("app.adapters.memory.users", "from ..jose import compact", "app.adapters.jose.compact"),
        ("app.adapters.http.api.health", "from ...memory import users", "app.adapters.memory.users"),
        ("app.adapters.memory.users", "from ..errors import table", "app.adapters.errors"),
        ("app.adapters.guards.core", "import aiohttp", "aiohttp"),
        ("app.adapters.errors.format", "import aiohttp", "aiohttp"),
        ("app.adapters.http.api.health", "from ....service import settings", "app.service.settings"),
        ("app.adapters.http.api.health", "from ....service import container", "app.service.container"),
        ("app.testing.users", "from ..adapters.memory import users", "app.adapters.memory.users"),
        ("app.testing.users", "import pytest", "pytest"),
    ],
)
def test_wrong_import_breaks_a_contract(tree: Path, module: str, statement: str, imported: str) -> None:
    """An import that a contract forbids breaks the contract, and the report names the module."""
    source = tree / f"{module.replace('.', '/')}.py"
    source.write_text(f"{source.read_text('utf-8')}\n\n{statement}\n", "utf-8")
    lint = _lint_imports(tree)
    assert lint.returncode == 1
    assert " 0 broken" not in lint.stdout
    assert any(module in line and imported in line for line in lint.stdout.splitlines()), lint.stdout


@pytest.mark.parametrize("package", ["app/adapters/shelf", "app/domain/orders"])
def test_a_new_package_must_be_listed(tree: Path, package: str) -> None:
    """A package of the adapters, or a subject of the domain, breaks a contract until pyproject.toml lists it."""
    source = tree / package / "__init__.py"
    source.parent.mkdir()
    source.touch()
    lint = _lint_imports(tree)
    assert lint.returncode == 1
    assert f"- {package.replace('/', '.')}" in lint.stdout


@pytest.mark.parametrize(
    ("library", "allowed"),
    [("dependency_injector", "app/service/container.py"), ("joserfc", "app/adapters/jose/*.py")],
)
def test_a_protected_library_has_one_place(tree: Path, library: str, allowed: str) -> None:
    """An import of the library in any other module of ``app`` breaks a contract; the report names each such module.

    Migrations are no modules: Alembic reads them as files.
    """
    others = sorted({*tree.glob("app/**/*.py")} - {*tree.glob(allowed)} - {*tree.glob("app/**/migrations/**/*.py")})
    for source in others:
        source.write_text(f"{source.read_text('utf-8')}\n\nimport {library}\n", "utf-8")
    report = _lint_imports(tree).stdout
    named = set(re.findall(rf"(app[\w.]*) -> {library}", report))
    assert named == {_module(source.relative_to(tree)) for source in others}


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _lint_imports(tree: Path) -> CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    variables = {"PYTHONPATH": str(tree), "COLUMNS": "200"}
    return run(command, "--no-logo", "--no-cache", directory=tree, variables=variables)
