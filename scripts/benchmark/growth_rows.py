"""The rows of rotations among few sessions and among many, and the bytes of a session in SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from . import bulk, servers
from .figures import Figure
from .laboratory import Laboratory
from .load import Server
from .population import NumberedTokens
from .rounds import Probe, Reading, Row
from .stores import postgres

_AIM: Final = 1.10


@contextmanager
def growth_rows(lab: Laboratory, *, few: int, many: int) -> Iterator[list[Row]]:
    """Make sessions in memory. Yield the rows."""
    signed = lab.rotations(many, signed=True), lab.rotations(few, signed=True)
    unsigned = lab.rotations(many, signed=False), lab.rotations(few, signed=False)
    yield [
        _row(" sessions", *signed, few=few, many=many, aim=_AIM),
        _row(", without signatures", *unsigned, few=few, many=many),
    ]


@contextmanager
def sqlite_growth_rows(lab: Laboratory, sizes: list[Figure], *, few: int, many: int) -> Iterator[list[Row]]:
    """Make sessions in two files. Yield the rows, and add the bytes of a session to ``sizes``."""
    with TemporaryDirectory() as folder, ExitStack() as running:

        def refreshes(count: int) -> Probe:
            path = Path(folder) / f"{count}.db"
            settings = {"KEYTURN_DATABASE_URL": f"sqlite:///{path}"}
            size = _fill(lab, settings, lambda: bulk.fill_sqlite(path, count))
            if count == many:
                sizes.append(Figure.of_size(f"session in SQLite, one of {many:,}", size))
            service = running.enter_context(servers.service(settings))
            return lab.first_refreshes(str(path), service, NumberedTokens(range(count)))

        yield [_row(" on sqlite", refreshes(many), refreshes(few), few=few, many=many, aim=_AIM)]


@contextmanager
def postgres_growth_rows(lab: Laboratory, sizes: list[Figure], *, few: int, many: int) -> Iterator[list[Row]]:
    """Make sessions in two databases. Yield the rows, and add the bytes of a session to ``sizes``. The CPU time of the
    backends of a database counts as the service's.
    """
    with postgres() as server, ExitStack() as running:

        def refreshes(count: int) -> Probe:
            database = f"sessions_{count}"
            server.execute(f"CREATE DATABASE {database}")
            settings = {"KEYTURN_DATABASE_URL": server.url(database)}
            size = _fill(lab, settings, lambda: bulk.fill_postgres(server, database, count))
            if count == many:
                sizes.append(Figure.of_size(f"session in PostgreSQL, one of {many:,}", size))
            service: Server = running.enter_context(servers.service(settings))
            counted = replace(service, database=(server.pid, database))
            return lab.first_refreshes(database, counted, NumberedTokens(range(count)))

        yield [_row(" on postgres", refreshes(many), refreshes(few), few=few, many=many, aim=_AIM)]


def _fill(lab: Laboratory, settings: Mapping[str, str], fill: Callable[[], float]) -> float:
    """Let a service make the tables and the first sessions. Then fill them, while no service runs."""
    with servers.service(settings) as service:
        lab.signed_in.access_tokens(service)
    return fill()


def _row(kind: str, among_many: Probe, among_few: Probe, *, few: int, many: int, aim: float | None = None) -> Row:
    return Row(
        name=f"rotate among {many:,}{kind}",
        probe=among_many,
        limit=among_few,
        limit_name=f"rotate among {few:,}{kind}",
        reading=Reading.TIMES,
        aim=aim,
    )
