"""The domain needs nothing but the standard library."""

from pathlib import Path
from typing import Final

import pytest

from .environments import link_distributions, make_environment
from .processes import ROOT, run

_ELSEWHERE: Final = ("aiohttp", "joserfc", "cryptography", "dependency_injector")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has only what the domain's tests are run with."""
    packages = tmp_path_factory.mktemp("alone") / "packages"
    link_distributions(packages, ["pytest", "pytest-asyncio", "hypothesis"])
    return make_environment(packages.parent / "environment", packages=packages)


@pytest.mark.parametrize("package", _ELSEWHERE)
def test_the_environment_is_bare(python: Path, package: str) -> None:
    """What the adapters are made of is not there, so that the domain's tests prove something."""
    run_import = run(python, "-c", f"import {package}")
    assert run_import.returncode == 1
    assert f"ModuleNotFoundError: No module named '{package}'" in run_import.stderr


def test_the_tests_of_the_domain_pass(python: Path) -> None:
    """Its tests pass there, run as they are run everywhere."""
    tests = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/domain", directory=ROOT)
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert " passed in " in tests.stdout
