"""Fixtures of the tests of the doctor."""

from collections.abc import Iterator

import pytest

from tests.servers.postgres import Postgres, running_postgres
from tests.servers.valkey import Valkey, running_valkey

from .examined import start

__all__ = ["start"]


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    """Return a PostgreSQL server."""
    with running_postgres(durable=False) as server:
        yield server


@pytest.fixture(scope="package")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Return a Valkey server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server
