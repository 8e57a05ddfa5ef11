"""The matrix of deployments: one script runs through each environment."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Proof
from tests.servers.postgres import Postgres, running_postgres

from . import confined_rows, rows
from .acts import run_acts
from .certificates import Certificate
from .containerfile import Image
from .layers import needs_mounts
from .proxies import HAS_CADDY, HAS_NGINX, has_ipv6
from .rows import Place

_NO_NGINX = pytest.mark.skipif(not HAS_NGINX, reason="nginx is not here")
_NO_IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
_NO_CADDY = pytest.mark.skipif(not HAS_CADDY, reason="Caddy is not here")

ROWS = [
    *(pytest.param(row, id=name) for name, row in rows.PLAIN.items()),
    *(pytest.param(row, id=name, marks=_NO_IPV6) for name, row in rows.IPV6.items()),
    *(pytest.param(row, id=name, marks=_NO_NGINX) for name, row in rows.NGINX.items()),
    *(pytest.param(row, id=name, marks=_NO_CADDY) for name, row in rows.CADDY.items()),
]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """Return a server for all rows."""
    with running_postgres(durable=False) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, certificate: Certificate, proof: Proof) -> Place:
    """Return a folder for one row, and the limit that strangers use up."""
    limit = proof.count("failed sign-ins to one account", small=4, full=40)
    return Place(folder=tmp_path, certificate=certificate, account_limit=limit)


@pytest.mark.proof("deployments")
@pytest.mark.parametrize("row", ROWS)
async def test_the_script_runs_through(row: rows.Row, place: Place) -> None:
    """In each environment a user signs in and refreshes, keeps their device while strangers guess, signs out for a
    guarded service too, and goes on after a restart.
    """
    with row(place) as deployment:
        await run_acts(deployment, place.folder)


@pytest.mark.proof("deployments")
async def test_the_script_runs_through_behind_pgbouncer(place: Place, postgres: Postgres) -> None:
    """The same script runs through with PgBouncer before PostgreSQL, in transaction mode."""
    with rows.behind_pgbouncer(place, postgres) as deployment:
        await run_acts(deployment, place.folder)


@needs_mounts
@pytest.mark.proof("deployments")
@pytest.mark.parametrize("row", confined_rows.ROWS.values(), ids=confined_rows.ROWS)
async def test_the_script_runs_through_confined(
    row: confined_rows.Row, place: Place, image: Image, postgres: Postgres
) -> None:
    """The same script runs through where Keyturn is confined as a container or a unit is."""
    with row(place, image, postgres) as deployment:
        await run_acts(deployment, place.folder)
