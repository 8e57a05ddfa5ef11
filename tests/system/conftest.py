"""Fixtures of the system tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .backends import KINDS, Backend, backend
from .environments import build_wheel


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    """Return a store. The test runs once for each kind."""
    with backend(request.param, tmp_path) as store:
        yield store


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project's wheel, built from a copy of the tree."""
    return build_wheel(tmp_path_factory.mktemp("tree"))
