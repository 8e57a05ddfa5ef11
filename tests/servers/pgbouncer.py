"""PgBouncer, where the machine has it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from .ports import free_port
from .server import Server

_NOBODY: Final = 65_534
_OPTIONS: Final[dict[str, Any]] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
"""PgBouncer refuses to run as root."""


class PgBouncer(Server):
    """A pooler that needs no password."""

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextmanager
def running_pgbouncer(server_port: int, *, pool_mode: str = "transaction", pool_size: int = 2) -> Iterator[PgBouncer]:
    """Run PgBouncer before a server; skip the test where it is not installed."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="pgbouncer-")), free_port()
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": pool_mode,
        "default_pool_size": pool_size,
    }
    lines = [f"[databases]\n* = host=127.0.0.1 port={server_port} user=postgres\n[pgbouncer]"]
    configuration = folder / "pgbouncer.ini"
    configuration.write_text("\n".join([*lines, *(f"{name} = {value}" for name, value in settings.items())]) + "\n")
    try:
        if _OPTIONS:
            os.chown(folder, _NOBODY, _NOBODY)
        pooler = PgBouncer([program, "-q", configuration], port=port, folder=folder, **_OPTIONS)
        try:
            pooler.start()
            yield pooler
        finally:
            pooler.end()
    finally:
        shutil.rmtree(folder)
