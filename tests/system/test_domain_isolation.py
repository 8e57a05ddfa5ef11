"""The domain and its tests need neither the adapters nor any package but the test tools."""

import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from .environments import link_distributions, make_environment, pip
from .processes import ROOT, run

_ADAPTER_PACKAGES: Final = ("aiohttp", "joserfc", "cryptography", "dependency_injector")
_REMOVED: Final = ("adapters", "cli", "guard", "service", "__main__.py", "__pycache__")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with pytest, pytest-asyncio and hypothesis only."""
    packages = tmp_path_factory.mktemp("alone") / "packages"
    link_distributions(packages, ["pytest", "pytest-asyncio", "hypothesis"])
    return make_environment(packages.parent / "environment", packages=packages)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the project with the domain tests, and with nothing of the app that uses an adapter."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns(*_REMOVED))
    shutil.copytree(ROOT / "tests" / "domain", tmp_path / "tests" / "domain")
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("package", _ADAPTER_PACKAGES)
def test_adapter_packages_are_absent(python: Path, package: str) -> None:
    """The packages that the adapters use cannot be imported in the environment."""
    result = run(python, "-c", f"import {package}")
    assert result.returncode == 1
    assert f"ModuleNotFoundError: No module named '{package}'" in result.stderr


def test_domain_tests_pass_without_adapters(python: Path, tree: Path) -> None:
    """The domain tests pass in a copy that has no adapters."""
    assert not (tree / "app" / "adapters").exists()
    result = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/domain", directory=tree)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed in " in result.stdout


def test_the_rule_of_the_page_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """The rule of "Use the domain alone" passes its test where there is the wheel, pytest and nothing else."""
    linked = link_distributions(tmp_path / "packages", ["pytest"])
    assert not linked & {*_ADAPTER_PACKAGES, "dependency-injector", "pytest-asyncio"}
    python = make_environment(tmp_path / "environment", packages=tmp_path / "packages")
    pip("--python", str(python), "install", str(wheel))
    page = (ROOT / "docs/domain-alone.md").read_text("utf-8")
    (tmp_path / "test_rule.py").write_text(re.findall(r"(?ms)^```python\n(.*?)^```$", page)[0])
    done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_rule.py", directory=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
