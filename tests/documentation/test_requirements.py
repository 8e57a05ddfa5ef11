"""The floors of ``pyproject.toml``: the oldest version of each package that people may run Keyturn with.

The tests run with the locked versions only. So a floor is a promise about versions that nobody has tested, unless it is
close to the lock.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from .console import ROOT

PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OF_SERVICE: Final = ("base", "sqlite", "postgresql", "redis", "workers", "metrics", "traces")
"""What scripts/environment installs for the service, by its settings."""

LOCKS: Final = ("serve", *OF_SERVICE, "build", "develop", "prove")
FIXED_IN: Final = {
    "aiohttp": "3.14.3",  # GHSA-cq5v-8q36-5273
}
"""The first versions without known weaknesses that concern Keyturn, by package."""


def locked(name: str) -> Mapping[str, Version]:
    """Return the versions of one file of ``requirements``, by package."""
    lines = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
    return {canonicalize_name(found[1]): Version(found[2]) for found in re.finditer(r"(?m)^([\w.-]+)==([\w.]+)", lines)}


def requirements(*groups: list[str]) -> Iterator[Requirement]:
    """Yield the requirements of the groups, without those on Keyturn itself."""
    for line in (line for group in groups for line in group):
        requirement = Requirement(line)
        if requirement.name != "keyturn":
            yield requirement


def floor(requirement: Requirement) -> Version:
    """Return the oldest version that a requirement accepts."""
    (oldest,) = [each.version for each in requirement.specifier if each.operator == ">="]
    return Version(oldest)


INSTALLED: Final = sorted(
    requirements(PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values()), key=str
)
"""What people install with Keyturn and its extras."""

DEVELOPED_WITH: Final = sorted(requirements(*PROJECT["dependency-groups"].values()), key=str)


@pytest.mark.parametrize("requirement", INSTALLED, ids=str)
def test_floor_is_of_the_tested_minor_version(requirement: Requirement) -> None:
    """The floor of a package that people install has the major and minor number of the version that was tested."""
    tested = locked("develop")[canonicalize_name(requirement.name)]
    assert floor(requirement).release[:2] == tested.release[:2]


@pytest.mark.parametrize("requirement", [*INSTALLED, *DEVELOPED_WITH], ids=str)
def test_locked_version_is_accepted(requirement: Requirement) -> None:
    """Each locked version of a package, of which there is at least one, satisfies its requirement."""
    name = canonicalize_name(requirement.name)
    versions = {found[name] for found in map(locked, LOCKS) if name in found}
    assert versions
    assert all(each in requirement.specifier for each in versions)


def test_locks_agree() -> None:
    """The packages of the service are built, developed and proven with the versions that it is served with."""
    developed, proven = locked("develop"), locked("prove")
    assert locked("serve").items() <= developed.items()
    assert {name: version for each in OF_SERVICE for name, version in locked(each).items()} == locked("serve")
    assert locked("build").items() <= developed.items()
    assert {name: proven[name] for name in proven.keys() & developed.keys()}.items() <= developed.items()


def test_a_service_without_extras_installs_no_more_than_it_needs() -> None:
    """The packages of the extras are not among those of every service."""
    extras = PROJECT["project"]["optional-dependencies"]
    of_extras = {canonicalize_name(each.name) for name in OF_SERVICE[1:] for each in requirements(extras[name])}
    assert not of_extras & locked("base").keys()


@pytest.mark.parametrize("name", FIXED_IN)
def test_floor_leaves_out_versions_with_known_weaknesses(name: str) -> None:
    """No requirement, those of the examples included, accepts a version from before a weakness was mended."""
    examples = [tomllib.loads(path.read_text("utf-8")) for path in ROOT.glob("examples/*/pyproject.toml")]
    everything = [*INSTALLED, *requirements(*(each["project"]["dependencies"] for each in examples))]
    floors = [floor(each) for each in everything if canonicalize_name(each.name) == name]
    assert floors
    assert min(floors) >= Version(FIXED_IN[name])
