"""Ways to let a database refuse changes and answer reads."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.postgres import Postgres


@contextmanager
def no_file_grows() -> Iterator[None]:
    """Let each write to a file of this process fail, as a quota does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def read_only(server: Postgres, url: str) -> Iterator[None]:
    """Let PostgreSQL refuse all changes of a database."""
    database = url.rpartition("/")[2]
    server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")  # noqa: S608
    try:
        yield
    finally:
        server.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
